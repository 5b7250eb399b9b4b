"""The kernel spec that runs this Python, for the kernels of pages and of fine-tune runs."""

from __future__ import annotations

import sys
from typing import ClassVar

from ipykernel.kernelspec import RESOURCES
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

KERNEL_NAME = "python3"


class ThisPythonSpecs(KernelSpecManager):
    """Offer one kernel: `module`, run by the Python of this process.

    The person's own "python3" kernel spec may name an environment without digitlab.
    A subclass sets the attributes.

    Attributes:
        module: dotted name of the module that is the kernel's main program.
        python_options: options of the interpreter, before `-m`.
        kernel_options: options of ipykernel, after the connection file.
    """

    module: ClassVar[str]
    python_options: ClassVar[tuple[str, ...]] = ()
    kernel_options: ClassVar[tuple[str, ...]] = ()

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the name of the one kernel and the folder of its icons."""
        return {KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel, for every name: a notebook may have been saved with another."""
        command = [sys.executable, *self.python_options, "-m", self.module]
        return KernelSpec(
            argv=[*command, "-f", "{connection_file}", *self.kernel_options],
            display_name="Python 3",
            language="python",
            resource_dir=RESOURCES,
        )
