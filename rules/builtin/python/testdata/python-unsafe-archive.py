import tarfile


def unpack(name, folder):
    with tarfile.open(name) as tar:
        # ruleid: python-unsafe-archive
        tar.extractall(folder)
        # ruleid: python-unsafe-archive
        tar.extract(tar.getmembers()[0], folder)
        # ok: python-unsafe-archive
        tar.extractall(folder, filter="data")
        # ok: python-unsafe-archive
        tar.extractall(folder, members=checked(tar))
    # ruleid: python-unsafe-archive
    tarfile.open(name).extractall(folder)
    # ok: python-unsafe-archive
    zipfile.ZipFile(name).extractall(folder)
