#include "output_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>

#include <fcntl.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif

#include "call.hpp"

namespace tessera::hdf5 {

namespace {

/// HDF5 hands out pointers to `shared`; it comes first, so that they point to the whole too.
struct OutputFile {
    H5FD_t shared;
    int descriptor;
    haddr_t allocated;  // end of what HDF5 has given out
    haddr_t end;        // size of the file, as far as it was written
    OutputFault* fault;
};

OutputFile& whole(H5FD_t* file) {
    return *reinterpret_cast<OutputFile*>(file);
}
OutputFile const& whole(H5FD_t const* file) {
    return *reinterpret_cast<OutputFile const*>(file);
}

// Only the first fault counts: the later ones follow from it.
void put_down(OutputFile& file, haddr_t bytes) {
    if (file.fault->error == 0) *file.fault = {errno, bytes};
}

OutputFault* fault_of(hid_t access_list) {
    auto* const* info = static_cast<OutputFault* const*>(H5Pget_driver_info(access_list));
    return info == nullptr ? nullptr : *info;
}

H5FD_t* open_file(char const* name, unsigned flags, hid_t access_list, haddr_t) {
    auto* fault = fault_of(access_list);
    if (fault == nullptr) return nullptr;
    auto mode = O_RDWR | O_CLOEXEC;
    if ((flags & H5F_ACC_CREAT) != 0) mode |= O_CREAT;
    if ((flags & H5F_ACC_TRUNC) != 0 && fault->kept == 0) mode |= O_TRUNC;
    auto const descriptor = ::open(name, mode, 0644);
    auto const size = descriptor < 0 ? -1 : ::lseek(descriptor, 0, SEEK_END);
    fault->error = size < 0 ? errno : 0;
    auto* file = size < 0 ? nullptr : new (std::nothrow) OutputFile{};
    if (file == nullptr) {
        if (descriptor >= 0) ::close(descriptor);
        return nullptr;
    }
    file->descriptor = descriptor;
    bool const anew = (flags & H5F_ACC_TRUNC) != 0;  // kept bytes are not there for HDF5
    file->end = anew ? 0 : static_cast<haddr_t>(size);
    file->fault = fault;
    return &file->shared;
}

herr_t close_file(H5FD_t* file) {
    if (::close(whole(file).descriptor) != 0) put_down(whole(file), 0);
    delete &whole(file);
    return 0;
}

// What HDF5's own sec2 driver says, so that the files come out the same.
herr_t query(H5FD_t const*, unsigned long* features) {
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
                H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
                H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

haddr_t allocated(H5FD_t const* file, H5FD_mem_t) {
    return whole(file).allocated;
}

herr_t set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    whole(file).allocated = end;
    return 0;
}

haddr_t end_of(H5FD_t const* file, H5FD_mem_t) {
    return whole(file).end;
}

// What was never written reads as zeros, also after a write that failed.
herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t place, std::size_t size, void* buffer) {
    auto* bytes = static_cast<std::byte*>(buffer);
    while (size > 0) {
        auto const got = ::pread(whole(file).descriptor, bytes, size, static_cast<off_t>(place));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        auto const count = static_cast<std::size_t>(got);
        bytes += count;
        place += count;
        size -= count;
    }
    std::fill_n(bytes, size, std::byte{0});
    return 0;
}

// Large pieces go on to the device while the next ones are made, so that a sync finds little left.
// Advice: what it could not do, the sync does.
void start_writing_back(OutputFile const& file, haddr_t place, std::size_t size) {
    constexpr std::size_t large = std::size_t{64} << 10U;
    if (size < large) return;
    ::sync_file_range(file.descriptor, static_cast<off_t>(place), static_cast<off_t>(size),
                      SYNC_FILE_RANGE_WRITE);
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t place, std::size_t size, void const* buffer) {
    auto& output = whole(file);
    auto const* bytes = static_cast<std::byte const*>(buffer);
    while (size > 0 && output.fault->error == 0) {
        auto const written = ::pwrite(output.descriptor, bytes, size, static_cast<off_t>(place));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            put_down(output, size);
            break;
        }
        auto const count = static_cast<std::size_t>(written);
        start_writing_back(output, place, count);
        bytes += count;
        place += count;
        size -= count;
    }
    output.end = std::max(output.end, place + size);
    return 0;
}

herr_t set_size(H5FD_t* file, hid_t, hbool_t) {
    auto& output = whole(file);
    auto const size = std::max<haddr_t>(output.allocated, output.fault->kept);
    if (output.fault->error == 0 && output.end != size &&
        ::ftruncate(output.descriptor, static_cast<off_t>(size)) != 0) {
        put_down(output, size);
    }
    output.end = size;
    return 0;
}

hid_t register_driver() {
    static H5FD_class_t driver{};
    constexpr H5FD_mem_t free_lists[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
#if H5_VERSION_GE(1, 13, 2)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = static_cast<H5FD_class_value_t>(600);  // above those HDF5 keeps for itself
#endif
    driver.name = "tessera-output";
    driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(OutputFault*);
    driver.open = open_file;
    driver.close = close_file;
    driver.query = query;
    driver.get_eoa = allocated;
    driver.set_eoa = set_allocated;
    driver.get_eof = end_of;
    driver.read = read;
    driver.write = write;
    driver.truncate = set_size;
    std::copy(std::begin(free_lists), std::end(free_lists), std::begin(driver.fl_map));
    return checked(H5FDregister(&driver), base::ExitCode::failed, "register", "the output driver");
}

}  // namespace

void set_output_driver(hid_t access_list, OutputFault& fault) {
    static hid_t const driver = register_driver();
    auto* const info = &fault;
    checked(H5Pset_driver(access_list, driver, &info), base::ExitCode::failed, "use",
            "the output driver");
}

}  // namespace tessera::hdf5
