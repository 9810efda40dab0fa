#!/usr/bin/env python3
"""Error of the lost mass against time for SUNDIALS' CVODE (BDF, dense, analytic Jacobian), with the rates of this program.

usage: cvode.py target/release/libcompare.so     needs numpy and scikit-sundae
The rates are called through Python; what the calls themselves take is measured and subtracted in the last column.
"""

import ctypes
import sys
import time

import numpy as np
from sksundae.cvode import CVODE

BINS, TIME = 40, 1e3


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.cell_start.restype = ctypes.c_double
    pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
    start = np.zeros(BINS)
    reference = library.cell_start(pointer(start))
    calls = {"rate": 0, "jacobian": 0}

    def rate(t, y, out):
        calls["rate"] += 1
        library.cell_rate(pointer(y), pointer(out))

    def jacobian(t, y, rates, out):
        calls["jacobian"] += 1
        library.cell_jacobian(pointer(y), pointer(out))

    def fastest(work, times):
        took = []
        for _ in range(times):
            begin = time.perf_counter()
            work()
            took.append(time.perf_counter() - begin)
        return min(took) * 1e6

    out, matrix = np.zeros(BINS), np.zeros((BINS, BINS))
    call = fastest(lambda: rate(0.0, start, out), 2000)
    jacobian_call = fastest(lambda: jacobian(0.0, start, out, matrix), 2000)
    for coupling_steps in (1, 20):
        print(f"\ncoupling steps: {coupling_steps}")
        print(f"{'tolerance':>12}{'error':>12}{'rates':>8}{'time/µs':>12}{'without calls':>16}")
        for half_decades in range(2, 21):
            tolerance = 10 ** (-0.5 * half_decades)
            options = {"rtol": tolerance, "atol": 1e-5 * tolerance * start.sum(), "max_num_steps": 10**6}
            solver = CVODE(rate, jacfn=jacobian, linsolver="dense", method="BDF", **options)

            def integrate():
                state = start
                for _ in range(coupling_steps):
                    state = solver.solve(np.array([0.0, TIME / coupling_steps]), state).y[-1]
                return state

            calls.update(rate=0, jacobian=0)
            error = abs((start.sum() - integrate().sum()) / reference - 1)
            counted = dict(calls)
            took = fastest(integrate, 10)
            inside = took - counted["rate"] * call - counted["jacobian"] * jacobian_call
            print(f"{tolerance:12.0e}{error:12.1e}{counted['rate']:8}{took:12.1f}{inside:16.1f}")


if __name__ == "__main__":
    main()
