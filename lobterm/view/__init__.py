"""Engine state to frozen view models; text formatting. No Textual, no widgets."""
