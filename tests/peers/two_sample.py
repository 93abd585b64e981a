# SPDX-License-Identifier: Apache-2.0
"""Statistics and p-values of the batch tests against scipy, 1,000 random samples a test, to 1e-10 relative.

Usage: two_sample.py PROGRAM [SAMPLES [SEED]], in a Python that has scipy.
"""
import inspect
import subprocess
import sys
import warnings

import numpy
import scipy
from scipy import stats
from scipy.spatial.distance import jensenshannon

RELATIVE = 1e-10
# 1 - cdf in scipy, which keeps no relative digits of a small p.
# 1 - cdf, in scipy and here: a small p has no more digits than that leaves.
ABSOLUTE_P = {"cramer_von_mises_asymptotic": 4e-15}


def values(random, most):
    """Two samples: other sizes, shift and spread each time; every third one has ties."""
    n, m = random.integers(2, most + 1, 2)
    a = random.normal(size=n)
    b = random.normal(random.choice([0.0, 0.3, 1.0]), random.choice([1.0, 1.5]), size=m)
    if random.random() < 1 / 3:
        a, b = numpy.round(a, 1), numpy.round(b, 1)
    return a, b


def distinct(random, most):
    n, m = random.integers(2, most + 1, 2)
    return random.normal(size=n), random.normal(random.choice([0.0, 0.5]), size=m)


def counts(random):
    """Two rows with no column empty in both."""
    cells = random.integers(2, 30)
    shares = random.dirichlet(numpy.full(cells, 2.0))
    other = shares if random.random() < 0.5 else random.dirichlet(numpy.full(cells, 20.0))
    a = random.multinomial(random.integers(20, 20000), shares)
    b = random.multinomial(random.integers(20, 20000), other)
    kept = a + b > 0
    return (a[kept], b[kept]) if kept.sum() >= 2 else counts(random)


def expected(random):
    a, b = counts(random)
    return a, b + 1


def anderson(a, b):
    """The argument has two names in the history of scipy."""
    names = inspect.signature(stats.anderson_ksamp).parameters
    result = stats.anderson_ksamp([a, b], **({"variant": "midrank"} if "variant" in names else {"midrank": True}))
    return pair(result)


def pair(result):
    return float(result.statistic), float(result.pvalue)


def contingency(a, b, kind):
    result = stats.chi2_contingency([a, b], correction=False, lambda_=kind)
    return float(result.statistic), float(result.pvalue)


def fit(a, b, kind):
    return pair(stats.power_divergence(a, b / b.sum() * a.sum(), lambda_=kind))


TESTS = {
    "chi_square": (counts, lambda a, b: contingency(a, b, "pearson")),
    "g": (counts, lambda a, b: contingency(a, b, "log-likelihood")),
    "chi_square_fit": (expected, lambda a, b: fit(a, b, "pearson")),
    "g_fit": (expected, lambda a, b: fit(a, b, "log-likelihood")),
    "cramer_von_mises_exact": (lambda r: values(r, 8), lambda a, b: pair(stats.cramervonmises_2samp(a, b, method="exact"))),
    "cramer_von_mises_asymptotic": (lambda r: values(r, 1000), lambda a, b: pair(stats.cramervonmises_2samp(a, b, method="asymptotic"))),
    "mann_whitney_exact": (lambda r: distinct(r, 25), lambda a, b: pair(stats.mannwhitneyu(a, b, method="exact"))),
    "mann_whitney_exact_less": (lambda r: distinct(r, 25), lambda a, b: pair(stats.mannwhitneyu(a, b, method="exact", alternative="less"))),
    "mann_whitney_asymptotic": (lambda r: values(r, 1000), lambda a, b: pair(stats.mannwhitneyu(a, b, method="asymptotic"))),
    "mann_whitney_asymptotic_greater": (lambda r: values(r, 1000), lambda a, b: pair(stats.mannwhitneyu(a, b, method="asymptotic", alternative="greater"))),
    "anderson_darling": (lambda r: values(r, 300), anderson),
    "ks_exact": (lambda r: values(r, 300), lambda a, b: pair(stats.ks_2samp(a, b, method="exact"))),
    "ks_asymptotic": (lambda r: values(r, 1000), lambda a, b: pair(stats.ks_2samp(a, b, method="asymp"))),
    "wasserstein": (lambda r: values(r, 1000), lambda a, b: (stats.wasserstein_distance(a, b), numpy.nan)),
    "energy": (lambda r: values(r, 1000), lambda a, b: (stats.energy_distance(a, b), numpy.nan)),
    "jensen_shannon": (counts, lambda a, b: (jensenshannon(a, b), numpy.nan)),
}


def gap(seen, peer, slack):
    """How many times the tolerance they differ by."""
    if numpy.isnan(peer) or seen == peer:
        return 0.0 if numpy.isnan(seen) or seen == peer else numpy.inf
    return abs(seen - peer) / (RELATIVE * abs(peer) + slack + 1e-300)


def absolute(name, statistic):
    """scipy's Jensen-Shannon divergence is what is left of sums of either sign: 1e-15 of it is lost, before the root."""
    return 1e-15 / statistic if name == "jensen_shannon" and statistic > 0 else 0.0


def main():
    program = sys.argv[1]
    n_samples = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    warnings.simplefilter("ignore")
    print(f"scipy {scipy.__version__}, seed {seed}, {n_samples} samples a test; worst differences in units of the tolerance")
    n_wrong = 0
    for name, (draw, ask) in TESTS.items():
        random = numpy.random.default_rng([seed, len(name), sum(name.encode())])
        samples = [draw(random) for _ in range(n_samples)]
        lines = "".join(f"{name} {len(a)} {len(b)} {' '.join(repr(float(x)) for x in (*a, *b))}\n" for a, b in samples)
        run = subprocess.run([program], input=lines, capture_output=True, text=True, check=False)
        answers = [tuple(map(float, line.split())) for line in run.stdout.splitlines()]
        if run.returncode != 0 or len(answers) != n_samples:
            sys.exit(f"{program}: {name}: exit {run.returncode}, {len(answers)} answers: {run.stderr.strip()}")
        worst = [0.0, 0.0]
        for i, ((a, b), seen) in enumerate(zip(samples, answers)):
            peer = ask(a, b)
            gaps = (gap(seen[0], peer[0], absolute(name, peer[0])), gap(seen[1], peer[1], ABSOLUTE_P.get(name, 0.0)))
            worst = [max(old, new) for old, new in zip(worst, gaps)]
            if max(gaps) > 1.0:
                n_wrong += 1
                if n_wrong <= 10:
                    print(f"{name}: sample {i}: sizes {len(a)} {len(b)}: seen {seen}, scipy {peer}")
        print(f"{name:32} statistic {worst[0]:9.2g}  p {worst[1]:9.2g}")
    if n_wrong > 0:
        sys.exit(f"{n_wrong} samples differ")


if __name__ == "__main__":
    main()
