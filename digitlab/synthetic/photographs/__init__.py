"""Synthetic photographs: digit images written on paper and photographed, part by part."""
