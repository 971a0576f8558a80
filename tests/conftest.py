"""What the tests of the model share: this folder is on the path, so that they find `tiny`."""
