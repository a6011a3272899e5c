"""What MONAI's trainers and evaluators lack."""
