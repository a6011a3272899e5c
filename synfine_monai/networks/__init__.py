"""The 467k U-Net and its blocks."""
