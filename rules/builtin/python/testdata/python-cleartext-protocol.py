import ftplib
import telnetlib
from ftplib import FTP


def connect(host):
    # ruleid: python-cleartext-protocol
    a = ftplib.FTP(host)
    # ruleid: python-cleartext-protocol
    b = FTP(host)
    # ruleid: python-cleartext-protocol
    c = telnetlib.Telnet(host)
    # ok: python-cleartext-protocol
    d = ftplib.FTP_TLS(host)
    # ok: python-cleartext-protocol
    e = paramiko.SSHClient()
    # ok: python-cleartext-protocol
    f = ssl.create_default_context()
