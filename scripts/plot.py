"""Draw a run: mass loss by channel, mass budget, optical depth over radius and time, size distribution of one cell.

    scripts/python.sh scripts/plot.py out/fiducial                  writes out/fiducial/plot.png
    scripts/python.sh scripts/plot.py out/fiducial --radius 1.2 --output figure.pdf
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

DAY = 86_400.0
# Okabe & Ito: told apart with any colour vision; the line styles tell them apart in print.
BLUE, ORANGE, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"


def loss_rates(axes, run):
    """Rates of the whole disk: sums over cells at the same time."""
    disk = run.groupby("time")[["M_out_dot", "M_sink_dot"]].sum()
    days = disk.index / DAY
    axes.loglog(days, disk.sum(axis=1), color=BLACK, lw=2.5, alpha=0.35, label="total")
    axes.loglog(days, disk["M_out_dot"], color=BLUE, label="blow-out")
    axes.loglog(days, disk["M_sink_dot"], color=ORANGE, ls="--", label="sublimation and drag")
    axes.set_ylabel(r"loss rate of the disk [$M_\mathrm{Mars}\,\mathrm{s}^{-1}$]")
    temperature = run.groupby("time")["T_M_used"].first()
    axes.set_title(f"Mars cools from {temperature.iloc[0]:.0f} K to {temperature.iloc[-1]:.0f} K")
    axes.legend()


def mass_budget(axes, budget):
    days = budget["time"] / DAY
    axes.loglog(days, budget["mass_initial"] + budget["mass_supplied"], color=GREEN, ls=":", label="initial + supplied")
    axes.loglog(days, budget["mass_lost"], color=BLACK, lw=2.5, alpha=0.35, label="lost")
    axes.loglog(days, budget["lost_blowout"], color=BLUE, label="by blow-out")
    axes.loglog(days, budget["lost_sublimation"], color=ORANGE, ls="--", label="by sublimation")
    axes.loglog(days, budget["mass_remaining"], color=GREEN, label="in the disk")
    axes.set_ylabel(r"mass [$M_\mathrm{Mars}$]")
    axes.set_title("Where the mass is")
    axes.legend()


def optical_depth(figure, axes, run):
    depth = run.pivot(index="r_RM", columns="time", values="tau").clip(lower=1e-12)
    highest = depth.to_numpy().max()
    colours = LogNorm(max(depth.to_numpy().min(), 1e-5 * highest), highest)
    mesh = axes.pcolormesh(depth.columns / DAY, depth.index, depth, norm=colours, cmap="cividis", shading="nearest")
    mesh.set_rasterized(True)
    axes.set_xscale("log")
    axes.set_ylabel(r"distance from the centre [$R_\mathrm{Mars}$]")
    axes.set_title("Optical depth along the line of sight to Mars")
    figure.colorbar(mesh, ax=axes, extend="min", label=r"$\tau$")


def size_distribution(axes, run, psd, radius):
    radii = psd["r_RM"].unique()
    radius = radii[np.abs(radii - radius).argmin()]
    cell = psd[psd["r_RM"] == radius]
    times = cell["time"].unique()
    wanted = np.geomspace(times[0], times[-1], 4)
    colours = plt.get_cmap("cividis")(np.linspace(0.0, 0.8, len(wanted)))
    styles = ["-", "--", "-.", ":"]
    top = 0.0
    for target, colour, style in zip(wanted, colours, styles):
        time = times[np.abs(np.log(times / target)).argmin()]
        bins = cell[cell["time"] == time]
        sizes = bins["s_bin_center"].to_numpy()
        density = bins["Sigma_bin"].to_numpy() / np.log10(sizes[1] / sizes[0])
        top = max(top, density.max())
        axes.loglog(sizes, np.where(density > 0, density, np.nan), color=colour, ls=style, label=duration(time))
    blow = run.groupby("time")["a_blow"].first()
    axes.axvspan(blow.iloc[-1], blow.iloc[0], color=BLUE, alpha=0.15, lw=0, label="blow-out size, start to end")
    axes.set_ylim(1e-8 * top, 5 * top)
    axes.set_xlabel("grain radius $s$ [m]")
    axes.set_ylabel(r"$\mathrm{d}\Sigma/\mathrm{d}\log_{10}s$ [kg m$^{-2}$]")
    axes.set_title(rf"Sizes at {radius:.2f} $R_\mathrm{{Mars}}$")
    axes.legend(fontsize="small")


def duration(seconds):
    for unit, length in (("yr", 365.25 * DAY), ("d", DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.2g} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="output folder of a run")
    parser.add_argument("--radius", type=float, default=1.85, help="of the size distributions, in Mars radii [1.85]")
    parser.add_argument("--output", type=Path, help="picture to write [FOLDER/plot.png]")
    arguments = parser.parse_args()

    run = pd.read_parquet(arguments.folder / "series/run.parquet")
    budget = pd.read_csv(arguments.folder / "checks/mass_budget.csv")
    histogram = arguments.folder / "series/psd_hist.parquet"

    plt.rcParams.update({"font.size": 9, "axes.titlesize": "medium", "legend.frameon": False})
    figure, axes = plt.subplots(2, 2, figsize=(10, 7.5), layout="constrained")
    loss_rates(axes[0, 0], run)
    mass_budget(axes[0, 1], budget)
    optical_depth(figure, axes[1, 0], run)
    for panel in (axes[0, 0], axes[0, 1], axes[1, 0]):
        panel.set_xlabel("time [d]")
    if histogram.exists():
        size_distribution(axes[1, 1], run, pd.read_parquet(histogram), arguments.radius)
    else:
        axes[1, 1].set_axis_off()
    output = arguments.output or arguments.folder / "plot.png"
    figure.savefig(output, dpi=110)
    print(output)


if __name__ == "__main__":
    main()
