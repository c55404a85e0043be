"""How far apart two colours are to the eye, and to eyes that lack one kind of cones."""

from __future__ import annotations

import numpy as np

# Machado, Oliveira, Fernandes: A physiologically-based model for simulation of color vision deficiency. IEEE
# Transactions on Visualization and Computer Graphics 15(6), 2009. For severity 1.0, and for linear sRGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip

SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""IEC 61966-2-1, for the white of daylight, D65."""


def seen(colours: tuple[str, ...], eye: str) -> np.ndarray:
    """Return colours as an eye sees them: CIELAB, shape (colours, 3)."""
    srgb = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in colours])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    light = np.clip(linear @ EYES[eye].T, 0, 1) @ SRGB_TO_XYZ.T / SRGB_TO_XYZ.sum(axis=1)
    x, y, z = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how far apart colours are by CIEDE2000; the last axis of each is CIELAB, the others broadcast.

    After Sharma, Wu, Dalal: The CIEDE2000 color-difference formula. Color Research and Application 30(1), 2005.
    """
    stretch = 1.5 - 0.5 * _vivid((_chroma(one) + _chroma(other)) / 2)
    (light, vivid, hue), (light_2, vivid_2, hue_2) = _polar(one, stretch), _polar(other, stretch)
    lightness, chroma, turn = (light + light_2) / 2, (vivid + vivid_2) / 2, (hue_2 - hue + 180) % 360 - 180
    middle = hue + turn / 2
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    shape = 1 + sum(height * _cos(times * middle + by) for height, times, by in waves)
    off = (lightness - 50) ** 2
    by_lightness = (light_2 - light) / (1 + 0.015 * off / np.sqrt(20 + off))
    by_chroma = (vivid_2 - vivid) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(vivid * vivid_2) * _cos(90 - turn / 2) / (1 + 0.015 * chroma * shape)
    from_blue = (middle - 275 + 180) % 360 - 180
    rotation = -2 * _vivid(chroma) * _cos(90 - 60 * np.exp(-((from_blue / 25) ** 2)))
    return np.sqrt(by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def _polar(colours: np.ndarray, stretch: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness, chroma and hue in degrees, with the axis from green to red stretched."""
    lightness, red, yellow = np.moveaxis(colours, -1, 0)
    return lightness, np.hypot(red * stretch, yellow), np.degrees(np.arctan2(yellow, red * stretch))


def _chroma(colours: np.ndarray) -> np.ndarray:
    return np.hypot(colours[..., 1], colours[..., 2])


def _vivid(chroma: np.ndarray) -> np.ndarray:
    """From 0 for grey towards 1."""
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))


def _cos(degrees: np.ndarray) -> np.ndarray:
    return np.cos(np.radians(degrees))
