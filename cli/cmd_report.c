/* SPDX-License-Identifier: Apache-2.0 */
/* steward report: evidence and a page for whoever signs, from a campaign's folder or a journal. */
#include "cli/cli.h"
#include "cli/keys.h"
#include "core/formats/secret.h"
#include "reports/reports.h"

enum { OUT, PDF, SIGN, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [OUT] = {"out", "DIR",
             "where evidence.json and the pages go: new, empty or with an earlier report"},
    [PDF] = {"pdf", NULL, "report.pdf too; needs weasyprint (Debian package of that name)"},
    [SIGN] = {"sign", "KEY", "sign the files with a secret key of `steward audit keygen`"},
};

static const char usage[] = "steward report DIR|JOURNAL [DIR...] --out DIR [--pdf] [--sign KEY]";
static const char about[] =
    "Makes a report of what `steward sim ... --out DIR` left there, or of a journal. Further folders hold the same\n"
    "episodes with other minds (`--mind escalate_all`, `--mind act_always`), which the report sets beside it. The same\n"
    "input gives the same bytes. A journal of `steward live` stands alone: its report says what was done, not whether it was\n"
    "right. Figures need gnuplot. The report is a draft until it is signed; `steward audit report DIR` checks a signature.";

int cmd_report(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    if (err == OK && arguments.n_targets == 0) {
        err = err_set(&text, ERR_USAGE,
                      "wants a folder that `steward sim --out` wrote, or a journal; see --help");
    }
    if (err == OK && arguments.n_targets > REPORT_INPUTS_MAX) {
        err = err_set(&text, ERR_USAGE, "more than %d inputs", REPORT_INPUTS_MAX);
    }
    if (err == OK && arguments.values[OUT] == NULL) {
        err = err_set(&text, ERR_USAGE, "wants --out DIR; see --help");
    }
    if (err != OK) {
        return failed("report", err, &text);
    }
    struct report_request request = {.n_inputs = arguments.n_targets, .out = arguments.values[OUT]};
    for (uint32_t i = 0; i < arguments.n_targets; i++) {
        request.inputs[i] = arguments.targets[i];
    }
    request.pdf = arguments.values[PDF] != NULL;
    char secret[KEY_BYTES] = "";
    if (arguments.values[SIGN] != NULL) {
        err = secret_read(arguments.values[SIGN], secret, sizeof(secret), &text);
        request.secret_key = slice_of(secret);
    }
    err = err == OK ? report_write(&request, &text) : err;
    audit_wipe(secret, sizeof(secret));
    if (err != OK) {
        return failed("report", err, &text);
    }
    (void)printf("%s/report.html\n", request.out);
    return 0;
}
