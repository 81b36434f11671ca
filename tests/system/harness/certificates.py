"""An authority and what it signs, made by the openssl program."""

import os

from harness.network import run


class Authority:
    """Files in a directory: NAME-ca.pem, and for whom it signs WHO-key.pem and WHO-cert.pem."""

    def __init__(self, directory, name):
        self.directory = directory
        self.key = self.path(f"{name}-ca-key.pem")
        self.certificate = self.path(f"{name}-ca.pem")
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate])

    def path(self, name):
        return os.path.join(self.directory, name)

    def sign(self, who):
        """(key, certificate) of who; files that are there already are replaced, one after the other."""
        key, certificate, request = self.path(f"{who}-key.pem"), self.path(f"{who}-cert.pem"), self.path(f"{who}.csr")
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             f"/CN={who}", "-keyout", f"{key}.new", "-out", request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
             "-days", "2", "-out", f"{certificate}.new"])
        os.replace(f"{key}.new", key)
        os.replace(f"{certificate}.new", certificate)
        return key, certificate
