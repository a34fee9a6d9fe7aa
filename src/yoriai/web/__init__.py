"""The chat page: NiceGUI, Japanese and English."""
