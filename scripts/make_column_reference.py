#!/usr/bin/env python3
"""Make tests/data/column_radau.json: one column of the disk, integrated by SciPy instead of this program.

    pip install numpy scipy
    python scripts/make_column_reference.py > tests/data/column_radau.json

Collisions and blow-out under constant drivers, with gas drag and supply in one case, with shrinking grains and escaping
vapour in the other; every pair and every fragment bin is in a dense tensor, the method is Radau IIA at a relative
tolerance of 1e-12. What left through each door is integrated beside the bins. `tests/column.rs` runs the same columns.
"""

import json
import math
import sys

import numpy as np
from scipy.integrate import solve_ivp

G, M_MARS, R_MARS, SIGMA_SB, LIGHT = 6.67430e-11, 6.4171e23, 3.3895e6, 5.670374419e-8, 2.99792458e8
N, S_MIN, S_MAX, RHO, R, I0 = 24, 1e-7, 3.0, 3270.0, 1.85 * R_MARS, 0.05
T_MARS, Q_PR, RHO_GAS, SUPPLY, TAU, SECONDS = 2000.0, 1.0, 1e-10, 1e-6, 0.05, 20000.0
# Evaporation exp((T - 1300 K)/width) kg/m^2/s of black grains; escape strength (T/2000 K)^power f, f between two temperatures.
WIDTH, T_SOLID, T_VAPOUR, STRENGTH_ESCAPE, POWER = 20.0, 1000.0, 2400.0, 1e-5, 2.0
# (km/s, Q_s, B) with exponents -0.38 and 1.36, in the units of Benz & Asphaug (1999)
STRENGTH = [(1.0, 1.9509e8, 0.8187652527440811), (2.0, 1.9509e8, 1.28478039442684), (3.0, 1.9509e8, 1.6722),
            (4.0, 2.92635e8, 2.2296), (5.0, 3.9018e8, 2.787), (6.0, 3.9018e8, 3.137652034251613),
            (7.0, 3.9018e8, 3.4683282387928047)]


def q_star(size, speed):
    """Disruption threshold [J/kg] at a speed inside the table."""
    value = [1e-4 * (qs * (100 * size) ** -0.38 + b * RHO / 1000 * (100 * size) ** 1.36) for _, qs, b in STRENGTH]
    return np.interp(speed / 1000, [row[0] for row in STRENGTH], value)


edges = np.geomspace(S_MIN, S_MAX, N + 1)
size = np.sqrt(edges[1:] * edges[:-1])
mass = 4 / 3 * math.pi * RHO * size**3
omega = math.sqrt(G * M_MARS / R**3)
e = 1 - R_MARS / R
speed = R * omega * math.sqrt((1 + e) / (1 - e))

debris = np.diff(np.sqrt(edges))  # dM/ds ~ s^-0.5
transfer = np.zeros((N, N, N))  # into k, out of i, hit by j
for i in range(N):
    for j in range(N):
        total = mass[i] + mass[j]
        phi = 0.5 * mass[i] * mass[j] / total**2 * speed**2 / q_star(max(size[i], size[j]), speed)
        remnant, ejected = (1 - phi / 2, phi / 2) if phi < 1.8 else (0.1 * (phi / 1.8) ** -1.5,) * 2
        if phi >= 1.8:
            ejected = 1 - remnant
        largest = (3 * remnant * total / (4 * math.pi * RHO)) ** (1 / 3)
        k = min(max(int(np.searchsorted(edges, largest, side="right")) - 1, 0), N - 1)
        kernel = math.pi * (size[i] + size[j]) ** 2 * speed / (math.sqrt(2 * math.pi) * math.sqrt(2) * I0 * R)
        transfer[k, i, j] += kernel * remnant
        transfer[: k + 1, i, j] += kernel * ejected * debris[: k + 1] / debris[: k + 1].sum()
for k in range(N):
    transfer[k, k, :] = 0.0

s_blow = 3 * SIGMA_SB * T_MARS**4 * R_MARS**2 * Q_PR / (2 * G * M_MARS * LIGHT * RHO)
below = np.clip(np.log(s_blow / edges[:-1]) / np.log(edges[1:] / edges[:-1]), 0, 1)
blowout = below * omega
drag = 1.0 / (RHO * 1e-6 / (RHO_GAS * 500.0))
solid = np.where((size >= 1e-4) & (size <= 3.0), size**-0.5 * np.diff(edges), 0.0)
solid /= solid.sum()
start = TAU / np.sum(0.75 / (RHO * size) * solid) * solid


shrinking = math.exp((T_MARS * math.sqrt(R_MARS / (2 * R)) - 1300.0) / WIDTH) / RHO
escape = STRENGTH_ESCAPE * (T_MARS / 2000.0) ** POWER * (T_MARS - T_SOLID) / (T_VAPOUR - T_SOLID)
down = shrinking / np.diff(size, prepend=0.0)  # to the next smaller bin, from the smallest to nothing
moved_down = np.diag((down * np.append(0.0, mass[:-1] / mass[1:]))[1:], 1) - np.diag(down)


def solve(name, linear, supply, doors):
    """One column: `linear` acts on the bins, of which each door takes its rate [1/s] per bin."""
    count = len(doors)

    def rate(_, y):
        sigma = y[:N]
        moved = np.einsum("kij,j->ki", transfer, sigma / mass) * sigma
        change = moved.sum(1) - moved.sum(0) + linear @ sigma + supply
        return np.concatenate([change, [door @ sigma for door in doors.values()]])

    def jacobian(_, y):
        sigma = y[:N]
        rates = np.einsum("kij,j->ki", transfer, sigma / mass)
        full = np.zeros((N + count, N + count))
        full[:N, :N] = rates - np.diag(rates.sum(0)) + linear
        full[:N, :N] += (np.einsum("kij,i->kj", transfer, sigma) - np.einsum("kij,i->ij", transfer, sigma)) / mass
        full[N:, :N] = list(doors.values())
        return full

    begin = np.append(start, np.zeros(count))
    found = solve_ivp(rate, (0, SECONDS), begin, "Radau", jac=jacobian, rtol=1e-12, atol=1e-28)
    assert found.success, name
    end = found.y[:, -1]
    return {"surface_density": end[:N].tolist(), "lost": dict(zip(doors, end[N:]))}


gas = {"mass_lost_by_blowout": blowout, "M_sink_cum": np.full(N, drag)}
vapour = {"mass_lost_by_blowout": blowout, "M_loss_hydro": np.full(N, escape), "sublimation": -moved_down.sum(0)}
cases = {
    "gas": solve("gas", -np.diag(blowout + drag), SUPPLY * solid, gas),
    "vapour": solve("vapour", moved_down - np.diag(blowout + escape), np.zeros(N), vapour),
}
json.dump({"origin": "scripts/make_column_reference.py", "seconds": SECONDS, "start": start.sum(), "s_blow": s_blow,
           "cases": cases}, sys.stdout, indent=1)
print()
