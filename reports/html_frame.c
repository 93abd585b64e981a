/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of all kinds of evidence share: style, head, verdicts, figures, limitations, signatures. */
#include "reports/html_frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/look.h"

static const char style[] =
    "@page{size:A4;margin:16mm 14mm;@bottom-right{content:counter(page) \" / \" counter(pages);font:8pt sans-serif}}\n"
    "html{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff}\n"
    "body{max-width:1020px;margin:0 auto;padding:24px 28px;position:relative}\n"
    "h1{font-size:1.9em;line-height:1.2;margin:.3em 0}\n"
    "h2{font-size:1.3em;margin:2em 0 .5em;border-bottom:1px solid #999;padding-bottom:.15em;break-after:avoid}\n"
    "h3{font-size:1.05em;margin:1.4em 0 .3em;break-after:avoid}\n"
    "p,li{max-width:76ch}\n"
    "table{border-collapse:collapse;width:100%;margin:.6em 0 1em;font-size:.86em}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3em .55em;border-bottom:1px solid #ccc}\n"
    "thead th{border-bottom:2px solid #555}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td.n{white-space:nowrap}\n"
    "td.w{min-width:11em}\n"
    "tr,.keep{break-inside:avoid}\n"
    ".draft{border:3px double #1a1a1a;padding:.5em .8em;margin:0 0 1em;font-weight:600;max-width:none}\n"
    ".claims th:first-child{width:34%}\n"
    ".arms th:first-child{width:27%}\n"
    ".verdict{font-weight:700;white-space:nowrap}\n"
    ".note{color:#444;font-size:.92em;margin:.25em 0 0}\n"
    "figure{margin:1.2em 0;break-inside:avoid}\n"
    "figure svg{width:100%;height:auto;max-width:900px}\n"
    "figcaption{font-size:.88em;color:#444;max-width:80ch}\n"
    "pre{background:#f4f4f4;padding:.7em;font-size:.72em;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "code{font-size:.92em;overflow-wrap:anywhere}\n"
    ".wide{overflow-x:auto}\n"
    ".mark{position:fixed;inset:0;display:flex;align-items:center;justify-content:center;font-size:22vmin;font-weight:800;"
    "color:rgba(0,0,0,.05);transform:rotate(-28deg);pointer-events:none;z-index:5}\n"
    "nav ol{columns:2;font-size:.95em;padding-left:1.4em}\n"
    "@media print{html{font-size:10.5pt}body{padding:0;max-width:none}nav{display:none}a{color:inherit;text-decoration:none}"
    ".wide{overflow:visible}.wide table{font-size:.74em}.wide td.n{white-space:normal}td.w{min-width:8em}pre{background:none;border:1px solid #999}}\n";

void html_words(struct page *html, const json_t *object, const char *name)
{
    page_words(html, words_of(object, name));
}

/* 12345 as 12,345. */
void html_count(struct page *html, uint64_t count)
{
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    for (int i = 0; i < n; i++) {
        page_format(html, "%s%c", i > 0 && (n - i) % 3 == 0 ? "," : "", digits[i]);
    }
}

void html_head(const json_t *evidence, struct page *html)
{
    const json_t *subject = json_object_get(evidence, "subject");
    page_format(html,
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>");
    page_format(html, "steward evidence: ");
    html_words(html, subject, "title");
    page_format(html, "</title>\n<style>\n%s</style></head><body>\n", style);
    if (strcmp(words_of(evidence, "status"), "DRAFT") == 0) {
        page_format(
            html,
            "<div class=\"mark\" aria-hidden=\"true\">DRAFT</div>\n<p class=\"draft\">DRAFT. Nobody has signed this report. "
            "It says what was measured, not that anything is approved.</p>\n");
    } else {
        page_format(html, "<p class=\"draft\">Signed with the key <code>");
        html_words(html, json_object_get(evidence, "signature"), "key");
        page_format(
            html,
            "</code>. The signature is in SHA256SUMS.note beside this page; until it has been verified with a key from elsewhere this line proves "
            "nothing (<a href=\"#signatures\">how</a>). It says that the files are those of the signer, not that anything is approved.</p>\n");
    }
    page_format(html, "<h1>");
    html_words(html, subject, "title");
    page_format(html, ": evidence report</h1>\n");
}

void html_row(struct page *html, const char *label)
{
    page_format(html, "<tr><th>%s</th><td>", label);
}

void html_targets(const json_t *evidence, struct page *html)
{
    const json_t *targets = json_object_get(evidence, "targets");
    page_format(
        html,
        "<h2 id=\"verdicts\">2. Verdicts against targets set before</h2>\n<table class=\"claims\"><thead><tr><th>Claim and target</th>"
        "<th>Measured</th><th>Verdict</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *one = json_array_get(targets, i);
        page_format(html, "<tr><td><strong>");
        html_words(html, one, "claim");
        page_format(html, "</strong><br>");
        html_words(html, one, "target");
        page_format(html, "</td><td>");
        html_words(html, one, "measured");
        if (words_of(one, "note")[0] != '\0') {
            page_format(html, "<p class=\"note\">");
            html_words(html, one, "note");
            page_format(html, "</p>");
        }
        page_format(html, "</td><td class=\"verdict\">");
        html_words(html, one, "verdict");
        page_format(html, "</td></tr>\n");
    }
    page_format(
        html,
        "</tbody></table>\n<p class=\"note\">Met: the data carry it. Not met: what was measured falls short. Not shown: it "
        "is good enough, but its interval reaches over the target, or an outcome is not on record. Too few episodes: nothing speaks against it, but so few show "
        "nothing. Not claimable: met here, on a mix that is easier than what the claim is about. "
        "Not measured: what it takes was not run.</p>\n");
}

void html_figure(const json_t *evidence, const struct page *svgs, size_t i, struct page *html)
{
    size_t n = 0;
    const struct figure *figures = figures_of(evidence, &n);
    page_format(html, "<figure>");
    page_put(html, svgs[i].bytes, svgs[i].n_bytes);
    page_format(html, "<figcaption><strong>Figure %zu. %s.</strong> %s</figcaption></figure>\n",
                i + 1, figures[i].title, figures[i].caption);
}

void html_story(const json_t *incident, const char *command, struct page *html)
{
    const json_t *story = json_object_get(incident, "story");
    page_format(html, "<pre>");
    for (size_t i = 0; i < json_array_size(story); i++) {
        const char *line = json_string_value(json_array_get(story, i));
        page_words(html, line == NULL ? "" : line);
        page_format(html, "\n");
    }
    page_format(html, "</pre>\n");
    if (count_of(incident, "story_left_out") > 0) {
        page_format(html,
                    "<p class=\"note\">%" PRIu64 " more lines are told by <code>%s</code>.</p>\n",
                    count_of(incident, "story_left_out"), command);
    }
}

void html_journal(const json_t *audit, struct page *html)
{
    bool is_same = json_is_true(json_object_get(audit, "replayed_the_same"));
    page_format(html, "<p>The journal was executed again for this report: ");
    html_count(html, count_of(audit, "runs"));
    page_format(html, " run%s, ", count_of(audit, "runs") == 1 ? "" : "s");
    html_count(html, count_of(audit, "frames"));
    page_format(html, " frames, %s", is_same ? "all the same.</p>\n" : "with a difference: ");
    if (!is_same) {
        html_words(html, audit, "first_difference");
        page_format(html, ".</p>\n");
    }
    page_format(html, "<p>Its tree was made again from the frames and fits: ");
    html_count(html, count_of(audit, "size"));
    page_format(html, " frames, root <code>");
    html_words(html, audit, "root");
    if (json_is_string(json_object_get(audit, "signer"))) {
        page_format(html, "</code>, %" PRIu64 " checkpoints signed by ",
                    count_of(audit, "checkpoints"));
        html_words(html, audit, "signer");
        page_format(
            html,
            ", a key that the journal itself names. Whose it is, only a verifier key from elsewhere tells.</p>\n");
    } else {
        page_format(html,
                    "</code>, unsigned: whoever can write the file can make all of it again.</p>\n");
    }
    page_format(
        html,
        "<p>That no newer journal was put aside for this one is shown only against a checkpoint kept elsewhere.</p>\n");
}

static void put_limitations(const json_t *evidence, int section, struct page *html)
{
    const json_t *limitations = json_object_get(evidence, "limitations");
    page_format(html, "<h2 id=\"limits\">%d. Limitations</h2>\n<ul>\n", section);
    for (size_t i = 0; i < json_array_size(limitations); i++) {
        const char *words = json_string_value(json_array_get(limitations, i));
        page_format(html, "<li>");
        page_words(html, words == NULL ? "" : words);
        page_format(html, "</li>\n");
    }
    page_format(html, "</ul>\n");
}

/* How to check the signature; the key itself must come from elsewhere. */
static void put_signature(const json_t *signature, struct page *html)
{
    page_format(html, "<p>The files of this report are signed with the key <code>");
    html_words(html, signature, "key");
    page_format(
        html,
        "</code>. In the folder of the report:</p>\n<pre>steward audit report . --key KEY.pub   # the signature, and every file by its digest\n"
        "sha256sum -c SHA256SUMS                # the digests alone</pre>\n");
}

static void put_signatures(const json_t *evidence, int section, int audit_section, struct page *html)
{
    const json_t *signature = json_object_get(evidence, "signature");
    page_format(
        html,
        "<section class=\"keep\"><h2 id=\"signatures\">%d. Signatures</h2>\n<table><thead><tr><th>Role</th><th>Name</th><th>Date</th><th>Meaning</th>"
        "</tr></thead><tbody>\n",
        section);
    page_format(html, "<tr><td>Author</td><td>");
    if (json_is_object(signature)) {
        page_format(html, "key ");
        html_words(html, signature, "signer");
    } else {
        page_format(html, "not signed");
    }
    page_format(html, "</td><td></td><td>I made this from the runs named above</td></tr>\n");
    page_format(
        html,
        "<tr><td>Independent reviewer</td><td>not signed</td><td></td><td>I repeated what section %d says and saw the "
        "same</td></tr>\n",
        audit_section);
    page_format(
        html,
        "<tr><td>Approver</td><td>not signed</td><td></td><td>I accept the residual risk for the use described</td></tr>\n"
        "</tbody></table>\n");
    if (json_is_object(signature)) {
        put_signature(signature, html);
    }
    page_format(html, "</section>\n");
}

void html_end(const json_t *evidence, int section, struct page *html)
{
    put_limitations(evidence, section, html);
    put_signatures(evidence, section + 1, section - 1, html);
    page_format(html, "</body></html>\n");
}
