"""The example company that shows in a minute what geleit is for."""
