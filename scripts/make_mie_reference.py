#!/usr/bin/env python3
"""Make tests/data/optics/mie_reference.csv: Mie efficiencies of spheres from codes other than ours.

    pip install miepython mpmath
    python scripts/make_mie_reference.py > tests/data/optics/mie_reference.csv

Every point is computed twice: by miepython in double precision, and by the textbook series (Bohren & Huffman 1983,
eqs. 4.61, 4.62, 4.88) in mpmath with enough digits that cancellation does not matter. A row says in `reference` which
one it carries: `miepython` where it agrees with mpmath to 1e-10 in Q_ext, Q_sca and g, else `mpmath`.
"""

import math
import random
import sys

import miepython
import mpmath
from mpmath import mp

AGREE = 1e-10


def riccati_bessel(z, last):
    """psi_n(z), n = 0 … last, by downward (Miller) recurrence; works for complex z of any size."""
    start = int(max(last, abs(z)) + 12 * float(abs(z)) ** (1 / 3) + 60 + 2 * mp.dps)
    above, here = mp.mpf(0), mp.mpf(1)
    psi = [mp.mpf(0)] * (last + 1)
    for n in range(start, 0, -1):
        above, here = here, (2 * n + 1) / z * here - above
        if n - 1 <= last:
            psi[n - 1] = here
    scale = mp.sin(z) / psi[0]
    return [scale * p for p in psi]


def exact(n_index, k_index, x):
    """Q_ext, Q_sca, g, Q_abs in high precision."""
    size = abs(complex(n_index, k_index)) * x
    # Digits lost: exp(Im mx) in psi(mx) is harmless (ratios), x^-6 in Re a_1, k in the absorption.
    mp.dps = 40 + int(8 * max(0.0, -math.log10(x))) + int(min(size, 50))
    m, x = mp.mpc(n_index, k_index), mp.mpf(x)
    last = int(x + 4.05 * float(x) ** (1 / 3)) + 8
    inner, outer = riccati_bessel(m * x, last + 1), riccati_bessel(x, last + 1)
    chi = [mp.cos(x), mp.cos(x) / x + mp.sin(x)]
    for n in range(1, last + 1):
        chi.append((2 * n + 1) / x * chi[n] - chi[n - 1])
    a, b = [mp.mpc(0)], [mp.mpc(0)]
    for n in range(1, last + 1):
        log_derivative = inner[n - 1] / inner[n] - n / (m * x)
        xi, xi_below = mp.mpc(outer[n], -chi[n]), mp.mpc(outer[n - 1], -chi[n - 1])
        electric, magnetic = log_derivative / m + n / x, log_derivative * m + n / x
        a.append((electric * outer[n] - outer[n - 1]) / (electric * xi - xi_below))
        b.append((magnetic * outer[n] - outer[n - 1]) / (magnetic * xi - xi_below))
    q_ext = 2 / x**2 * mp.fsum((2 * n + 1) * (a[n] + b[n]).real for n in range(1, last + 1))
    q_sca = 2 / x**2 * mp.fsum((2 * n + 1) * (abs(a[n]) ** 2 + abs(b[n]) ** 2) for n in range(1, last + 1))
    forward = mp.fsum(
        mp.mpf(n * (n + 2)) / (n + 1) * (a[n] * a[n + 1].conjugate() + b[n] * b[n + 1].conjugate()).real
        for n in range(1, last)
    ) + mp.fsum(mp.mpf(2 * n + 1) / (n * (n + 1)) * (a[n] * b[n].conjugate()).real for n in range(1, last + 1))
    return float(q_ext), float(q_sca), float(4 / x**2 * forward / q_sca), float(q_ext - q_sca) if k_index else 0.0


def sample():
    """Points over x 1e-6 … 1e4, n 0.1 … 10, k 0 … 10, and the classical cases of Wiscombe's MIEV0."""
    points = [(1.5, 0.0, 10.0), (1.33, 1e-5, 1.0), (1.33, 1e-5, 100.0), (1.33, 1e-5, 1e4)]
    points += [(1.5, 1.0, x) for x in (0.055, 0.056, 1.0, 100.0, 1e4)]
    points += [(10.0, 10.0, x) for x in (1.0, 100.0, 1e4)]
    points += [(0.75, 0.0, x) for x in (0.099, 0.101, 10.0, 1000.0)]
    draw = random.Random(1983)
    for i in range(240):
        low, high = (-6.0, -3.0) if i % 12 == 0 else (-3.0, 4.0) if i % 6 == 0 else (-3.0, 2.7)
        x = 10 ** draw.uniform(low, high)
        n = 10 ** draw.uniform(-1.0, 1.0)
        k = 0.0 if i % 5 == 0 else 10 ** draw.uniform(-8.0, 1.0)
        points.append((float(f"{n:.6g}"), float(f"{k:.6g}"), float(f"{x:.6g}")))
    return points


def main():
    """Print the table; a summary of where miepython falls short goes to standard error."""
    print("# Mie efficiencies of homogeneous spheres, m = n + i k. Made by scripts/make_mie_reference.py")
    print(f"# miepython {miepython.__version__}, mpmath {mpmath.__version__}")
    print(f"# reference = miepython where it agrees with mpmath to {AGREE:g} in Q_ext, Q_sca and g, else mpmath")
    print("# q_abs is always mpmath: as a difference of Q_ext and Q_sca it needs the digits")
    print("n,k,x,q_ext,q_sca,g,q_abs,reference")
    for n, k, x in sample():
        *truth, q_abs = exact(n, k, x)
        q_ext, q_sca, _, g = (float(v) for v in miepython.efficiencies_mx(complex(n, -k), x))
        worst = max(abs(u / v - 1) if v else abs(u) for u, v in zip((q_ext, q_sca, g), truth, strict=True))
        good = worst <= AGREE
        values = (q_ext, q_sca, g) if good else truth
        numbers = ",".join(f"{v:.15e}" for v in (*values, q_abs))
        print(f"{n!r},{k!r},{x!r},{numbers},{'miepython' if good else 'mpmath'}")
        if not good:
            print(f"miepython off by {worst:.1e} at n {n} k {k} x {x}", file=sys.stderr)


if __name__ == "__main__":
    main()
