#include "call.hpp"

#include <tessera/base/files.hpp>
#include <tessera/hdf5/file.hpp>

namespace tessera::hdf5 {

namespace {

namespace fs = std::filesystem;
using base::ExitCode;

std::string quoted(fs::path const& path) {
    return "'" + base::printable(path.string()) + "'";
}

Handle access_list(fs::path const& path, Alignment alignment) {
    silence();
    auto list = owned<H5Pclose>(checked(H5Pcreate(H5P_FILE_ACCESS), ExitCode::environment,
                                        "prepare access to", quoted(path)));
    checked(H5Pset_alignment(list.id(), alignment.threshold, alignment.multiple),
            ExitCode::environment, "set the alignment of", quoted(path));
    checked(H5Pset_libver_bounds(list.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST),
            ExitCode::environment, "set the version of", quoted(path));
    return list;
}

Handle creation_list(fs::path const& path) {
    auto list = owned<H5Pclose>(checked(H5Pcreate(H5P_FILE_CREATE), ExitCode::environment,
                                        "prepare creation of", quoted(path)));
    checked(H5Pset_obj_track_times(list.id(), false), ExitCode::environment,
            "leave time stamps out of", quoted(path));
    return list;
}

}  // namespace

File File::create(fs::path const& path, Alignment alignment) {
    auto const access = access_list(path, alignment);
    auto const creation = creation_list(path);
    auto const id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id());
    return {path, owned<H5Fclose>(checked(id, ExitCode::environment, "create", quoted(path))),
            true};
}

File File::extend(fs::path const& path, Alignment alignment) {
    auto const access = access_list(path, alignment);
    auto const id = H5Fopen(path.c_str(), H5F_ACC_RDWR, access.id());
    return {path, owned<H5Fclose>(checked(id, ExitCode::environment, "reopen", quoted(path))),
            true};
}

File File::open(fs::path const& path) {
    auto const access = access_list(path, {});
    auto const id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id());
    return {path, owned<H5Fclose>(checked(id, ExitCode::bad_input, "open", quoted(path))), false};
}

std::string File::shown() const {
    return quoted(path_);
}

void File::close() {
    auto const id = handle_.give_up();
    checked(H5Fclose(id), writable_ ? ExitCode::environment : ExitCode::bad_input, "close",
            shown());
}

void File::create_group(std::string const& name) {
    auto const where = "group " + name + " in " + shown();
    auto const list = owned<H5Pclose>(
        checked(H5Pcreate(H5P_GROUP_CREATE), ExitCode::environment, "prepare", where));
    checked(H5Pset_obj_track_times(list.id(), false), ExitCode::environment, "prepare", where);
    owned<H5Gclose>(checked(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
                            ExitCode::environment, "create", where));
}

bool File::contains(std::string const& name) const {
    return checked(H5Lexists(id(), name.c_str(), H5P_DEFAULT), ExitCode::bad_input, "look up",
                   name + " in " + shown()) > 0;
}

}  // namespace tessera::hdf5
