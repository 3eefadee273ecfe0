import ssl

from OpenSSL import SSL


def client():
    # ruleid: python-tls-context-unverified
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    return context


def connect(sock):
    # ruleid: python-tls-context-unverified
    context = SSL.Context(SSL.TLSv1_2_METHOD)
    connection = SSL.Connection(context, sock)
    connection.set_connect_state()
    return connection


class Client:
    def open(self, address):
        # ruleid: python-tls-context-unverified
        context = SSL.Context(SSL.SSLv23_METHOD)
        self.connection = SSL.Connection(context, dial(address))


def verified(callback):
    # ok: python-tls-context-unverified
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_default_verify_paths()
    context.set_verify(SSL.VERIFY_PEER, callback)
    return context


def server(key, certificate):
    # ok: python-tls-context-unverified
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_privatekey_file(key)
    context.use_certificate_file(certificate)
    return context


def standard():
    # ok: python-tls-context-unverified
    return ssl.create_default_context()
