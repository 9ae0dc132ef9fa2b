#pragma once

#include <hdf5.h>

#include <tessera/hdf5/file.hpp>

namespace tessera::hdf5 {

/// Lets HDF5 write a file through our own low-level driver: plain pwrite, except that a failure is
/// put down in `fault` and HDF5 is told that all went well. HDF5 1.10 and 1.12 crash when the
/// process ends after a failed write (they try to flush again), so that a full disk would end in a
/// segmentation fault; this way the file is closed in order, and the caller looks at `fault`.
/// `fault` must outlive every file opened with the list.
void set_output_driver(hid_t access_list, OutputFault& fault);

}  // namespace tessera::hdf5
