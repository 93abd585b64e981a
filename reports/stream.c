/* SPDX-License-Identifier: Apache-2.0 */
/* A stream, its alarms and the detector's statistic as one picture: buckets of rows, so that a million rows are as many bytes as a thousand. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/figures.h"
#include "reports/reports.h"

enum {
    BUCKETS = 900, /* About one a pixel. */
    BANDS = 300,   /* Of the range that the stream had. */
    MEANS = 150,   /* Of the line through a noisy stream. */
    FEW = 200      /* Alarms that thick lines can tell apart. */
};

/* Rows first .. end - 1 of one bucket. */
static uint64_t bucket_first(uint64_t n, uint64_t n_buckets, uint64_t i)
{
    return (uint64_t)((double)n * (double)i / (double)n_buckets);
}

/* A line of lowest, highest and mean for each bucket that has a value. */
static void put_buckets(struct page *script, const char *name, const double *values, uint64_t n,
                        uint64_t most)
{
    uint64_t n_buckets = n < most ? n : most;
    page_format(script, "$%s << EOD\n", name);
    for (uint64_t i = 0; i < n_buckets; i++) {
        uint64_t first = bucket_first(n, n_buckets, i), end = bucket_first(n, n_buckets, i + 1);
        double lowest = INFINITY, highest = -INFINITY, sum = 0.0, count = 0.0;
        for (uint64_t row = first; row < end; row++) {
            if (isfinite(values[row])) {
                lowest = fmin(lowest, values[row]);
                highest = fmax(highest, values[row]);
                sum += values[row];
                count += 1.0;
            }
        }
        if (count > 0.0) {
            page_format(script, "%.1f %.9g %.9g %.9g\n",
                        (double)first + 0.5 * (double)(end - 1 - first), lowest, highest,
                        sum / count);
        } else {
            page_format(script, "\n"); /* A gap in the line. */
        }
    }
    page_format(script, "EOD\n");
}

static void put_rows(struct page *script, const char *name, const uint64_t *rows, uint64_t n)
{
    page_format(script, "$%s << EOD\n%s", name, n == 0 ? "nan\n" : "");
    for (uint64_t i = 0; i < n; i++) {
        page_format(script, "%llu\n", (unsigned long long)rows[i]);
    }
    page_format(script, "EOD\n");
}

/* Ends of the axis for values, with room above and below; 0 .. 1 when there are none. */
static void range_of(const double *values, uint64_t n, double *ret_lo, double *ret_hi)
{
    double lo = INFINITY, hi = -INFINITY;
    for (uint64_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            lo = fmin(lo, values[i]);
            hi = fmax(hi, values[i]);
        }
    }
    bool is_empty = lo > hi;
    double room = is_empty ? 0.0 : hi > lo ? 0.06 * (hi - lo) : 0.5;
    *ret_lo = is_empty ? 0.0 : lo - room;
    *ret_hi = is_empty ? 1.0 : hi + room;
}

static void put_episodes(struct page *script, const struct stream_plot *plot)
{
    for (uint64_t i = 0; i < plot->n_episodes; i++) {
        uint64_t to = plot->episodes[i].to;
        if (plot->episodes[i].from >= plot->n) {
            continue;
        }
        to = i + 1 < plot->n_episodes && plot->episodes[i + 1].from <= to ? plot->episodes[i + 1].from
                                                                          : to;
        to = to < plot->n ? to : plot->n - 1;
        page_format(script,
                    "set object %llu rectangle from %llu, graph 0 to %llu, graph 1 behind fc rgb "
                    "'%s' fs solid noborder\n",
                    (unsigned long long)i + 1, (unsigned long long)plot->episodes[i].from,
                    (unsigned long long)to, i % 2 == 0 ? "#dce8f3" : "#c6daec");
    }
}

static void put_panel(struct page *script, double lo, double hi, double bottom, double top)
{
    page_format(script,
                "set yrange [%.9g:%.9g]\nset bmargin at screen %.3f\nset tmargin at screen %.3f\n",
                lo, hi, bottom, top);
}

static void write_script(const struct stream_plot *plot, struct page *script)
{
    double lo, hi, statistic_lo, statistic_hi;
    uint64_t n = plot->n;
    bool is_dense = n > 2 * MEANS;
    range_of(plot->values, n, &lo, &hi);
    range_of(plot->statistics, n, &statistic_lo, &statistic_hi);
    if (isfinite(plot->threshold)) {
        double room = 0.06 * fabs(plot->threshold);
        statistic_hi = fmax(statistic_hi, plot->threshold + room);
        statistic_lo =
            plot->is_two_sided ? fmin(statistic_lo, -plot->threshold - room) : statistic_lo;
    }
    double width = plot->n_alarms > FEW ? 0.4 : 1.8;
    page_format(
        script,
        "set terminal svg size 900,580 dynamic noenhanced font 'sans-serif,14' background '#ffffff' rounded\n"
        "set encoding utf8\nset border 3 lw 1 lc rgb '#333333'\nset tics nomirror out scale 0.6\n"
        "set datafile missing 'nan'\nset lmargin at screen 0.135\nset rmargin at screen 0.95\n");
    put_buckets(script, "band", plot->values, n, BANDS);
    put_buckets(script, "means", plot->values, n, MEANS);
    put_buckets(script, "statistic", plot->statistics, n, BUCKETS);
    put_rows(script, "alarms", plot->alarms, plot->n_alarms);
    put_rows(script, "warnings", plot->warnings, plot->n_warnings);
    page_format(script,
                "set multiplot\nset xrange [0:%llu]\nset format x ''\nset key at screen 0.5,0.955 "
                "center horizontal maxcols 5 maxrows 1 samplen 2 width -1\nset ylabel '",
                (unsigned long long)(n > 1 ? n - 1 : 1));
    page_label(script, plot->column);
    page_format(script, "'\n");
    put_episodes(script, plot);
    put_panel(script, lo, hi, 0.47, 0.90);
    page_format(script, "plot ");
    if (is_dense) {
        page_format(script, "$band using 1:2:3 with filledcurves fc rgb '#9fb4c4' fs transparent solid "
                            "0.55 title 'range', "
                            "$means using 1:4 with lines lw 2 lc rgb '#0b3c5d' title 'mean'");
    } else {
        page_format(script,
                    "$band using 1:4 with linespoints lw 1.5 pt 7 ps 0.4 lc rgb '#0b3c5d' title "
                    "'value'");
    }
    page_format(
        script,
        ", $warnings using 1:(%.9g):(0):(%.9g) with vectors nohead lw 1.5 dt 3 lc rgb '#8a6d00' "
        "title 'warning', $alarms using 1:(%.9g):(0):(%.9g) with vectors nohead lw %.1f lc rgb "
        "'#b00020' title 'alarm'%s\n",
        lo, hi - lo, lo, hi - lo, width,
        plot->n_episodes == 0
            ? ""
            : ", keyentry with boxes fs solid fc rgb '#c6daec' title 'real change'");
    page_format(
        script,
        "unset key\nset key at screen 0.95,0.452 right center vertical samplen 2\nset format x '%%.0f'\nset xlabel 'row'\nset ylabel 'statistic of ");
    page_label(script, plot->detector);
    page_format(script, "'\n");
    put_panel(script, statistic_lo, statistic_hi, 0.14, 0.43);
    page_format(
        script,
        "plot $statistic using 1:2:3 with filledcurves fc rgb '#1f7a3d' fs transparent solid 0.25 notitle, "
        "$statistic using 1:4 with lines lw 1.5 lc rgb '#1f7a3d' notitle, "
        "$alarms using 1:(%.9g):(0):(%.9g) with vectors nohead lw %.1f lc rgb '#b00020' notitle",
        statistic_lo, statistic_hi - statistic_lo, width);
    if (isfinite(plot->threshold)) {
        page_format(script, ", %.9g with lines lw 1.2 dt 2 lc rgb '#333333' title 'threshold %.6g'",
                    plot->threshold, plot->threshold);
    }
    if (isfinite(plot->threshold) && plot->is_two_sided) {
        page_format(script, ", %.9g with lines lw 1.2 dt 2 lc rgb '#333333' notitle",
                    -plot->threshold);
    }
    page_format(script, "\nunset multiplot\n");
}

static enum err write_svg(const char *path, const struct page *svg, struct err_text *ret_text)
{
    FILE *stream = fopen(path, "w");
    if (stream == NULL) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "%.400s: %s", path, strerror(errno));
    }
    struct stat status;
    bool is_file = fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode);
    bool is_written = fwrite(svg->bytes, 1, svg->n_bytes, stream) == svg->n_bytes;
    if (fclose(stream) != 0 || !is_written) {
        enum err err = err_set(ret_text, ERR_IO, "%.400s: writing failed: %s", path, strerror(errno));
        if (is_file) {
            (void)unlink(path); /* Nothing half-written stays. */
        }
        return err;
    }
    return OK;
}

enum err report_stream_plot(const struct stream_plot *plot, const char *path,
                            struct err_text *ret_text)
{
    char title[128];
    (void)snprintf(title, sizeof(title), "%s on %.60s: stream, alarms and statistic",
                   plot->detector, plot->column);
    struct page script = {0}, svg = {0};
    write_script(plot, &script);
    enum err err = script_draw("steward-detect", title, &script, &svg, ret_text);
    if (err == OK) {
        err = write_svg(path, &svg, ret_text);
    }
    page_close(&script);
    page_close(&svg);
    return err;
}
