"""Synthetic images for training and benchmarks; the page never imports them."""
