#include "call.hpp"
#include "output_driver.hpp"

#include <cstring>

#include <tessera/base/files.hpp>
#include <tessera/hdf5/file.hpp>

namespace tessera::hdf5 {

namespace {

namespace fs = std::filesystem;
using base::ExitCode;

std::string quoted(fs::path const& path) {
    return "'" + base::printable(path.string()) + "'";
}

Handle property_list(hid_t kind, fs::path const& path) {
    silence();
    return owned<H5Pclose>(
        checked(H5Pcreate(kind), ExitCode::failed, "prepare access to", quoted(path)));
}

Handle output_access(fs::path const& path, Alignment alignment, OutputFault& fault) {
    auto list = property_list(H5P_FILE_ACCESS, path);
    checked(H5Pset_alignment(list.id(), alignment.threshold, alignment.multiple), ExitCode::failed,
            "set the alignment of", quoted(path));
    checked(H5Pset_libver_bounds(list.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), ExitCode::failed,
            "set the version of", quoted(path));
    set_output_driver(list.id(), fault);
    return list;
}

Handle creation_list(fs::path const& path) {
    auto list = property_list(H5P_FILE_CREATE, path);
    checked(H5Pset_obj_track_times(list.id(), false), ExitCode::failed, "leave time stamps out of",
            quoted(path));
    return list;
}

}  // namespace

void check_written(OutputFault const& fault, std::string const& shown) {
    base::validate(fault.error == 0, ExitCode::environment, "cannot write {} ({} bytes needed): {}",
                   shown, fault.bytes, std::strerror(fault.error));
}

File File::open_for_writing(fs::path const& path, Alignment alignment, std::uint64_t kept,
                            bool create) {
    auto fault = std::make_shared<OutputFault>();
    fault->kept = kept;
    auto const access = output_access(path, alignment, *fault);
    auto const id =
        create ? H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation_list(path).id(), access.id())
               : H5Fopen(path.c_str(), H5F_ACC_RDWR, access.id());
    auto handle = owned<H5Fclose>(id);
    check_written(*fault, quoted(path));
    checked(id, ExitCode::environment, "open for writing", quoted(path));
    return {path, std::move(fault), std::move(handle)};
}

File File::create(fs::path const& path, Alignment alignment) {
    return open_for_writing(path, alignment, 0, true);
}

File File::create_around(fs::path const& path, std::uint64_t kept, Alignment alignment) {
    return open_for_writing(path, alignment, kept, true);
}

File File::extend(fs::path const& path, Alignment alignment, std::uint64_t kept) {
    return open_for_writing(path, alignment, kept, false);
}

File File::open(fs::path const& path) {
    auto const access = property_list(H5P_FILE_ACCESS, path);
    auto const id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id());
    return {path, nullptr, owned<H5Fclose>(checked(id, ExitCode::bad_input, "open", quoted(path)))};
}

std::string File::shown() const {
    return quoted(path_);
}

void File::close() {
    auto const closed = H5Fclose(handle_.give_up());
    if (fault_) check_written(*fault_, shown());
    checked(closed, fault_ ? ExitCode::environment : ExitCode::bad_input, "close", shown());
}

void File::create_group(std::string const& name) {
    auto const where = "group " + name + " in " + shown();
    auto const list = owned<H5Pclose>(
        checked(H5Pcreate(H5P_GROUP_CREATE), ExitCode::environment, "prepare", where));
    checked(H5Pset_obj_track_times(list.id(), false), ExitCode::environment, "prepare", where);
    owned<H5Gclose>(checked(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
                            ExitCode::environment, "create", where));
}

}  // namespace tessera::hdf5
