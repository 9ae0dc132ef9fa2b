#include "call.hpp"

#include <array>
#include <limits>

#include <tessera/hdf5/dataset.hpp>

namespace tessera::hdf5 {

namespace {

using base::ExitCode;

hid_t file_type(ElementType type) {
    switch (type) {
        case ElementType::uint8:
            return H5T_STD_U8LE;
        case ElementType::uint16:
            return H5T_STD_U16LE;
        case ElementType::uint32:
            return H5T_STD_U32LE;
        case ElementType::uint64:
            return H5T_STD_U64LE;
        case ElementType::int32:
            return H5T_STD_I32LE;
        case ElementType::int64:
            return H5T_STD_I64LE;
    }
    return H5I_INVALID_HID;
}

hid_t native_type(ElementType type) {
    switch (type) {
        case ElementType::uint8:
            return H5T_NATIVE_UINT8;
        case ElementType::uint16:
            return H5T_NATIVE_UINT16;
        case ElementType::uint32:
            return H5T_NATIVE_UINT32;
        case ElementType::uint64:
            return H5T_NATIVE_UINT64;
        case ElementType::int32:
            return H5T_NATIVE_INT32;
        case ElementType::int64:
            return H5T_NATIVE_INT64;
    }
    return H5I_INVALID_HID;
}

Handle space_of(Shape shape, ExitCode code, std::string const& where) {
    std::array<hsize_t, 2> const extent{shape.rows, shape.width};
    return owned<H5Sclose>(
        checked(H5Screate_simple(shape.width == 0 ? 1 : 2, extent.data(), nullptr), code,
                "make the space of", where));
}

void select_rows(Handle const& space, Shape shape, std::uint64_t first, std::uint64_t rows,
                 ExitCode code, std::string const& where) {
    std::array<hsize_t, 2> const start{first, 0};
    std::array<hsize_t, 2> const count{rows, shape.width};
    checked(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                nullptr),
            code, "select rows of", where);
}

Handle creation_list(std::string const& where) {
    auto list = owned<H5Pclose>(
        checked(H5Pcreate(H5P_DATASET_CREATE), ExitCode::environment, "prepare", where));
    checked(H5Pset_obj_track_times(list.id(), false), ExitCode::environment, "prepare", where);
    return list;
}

Handle create_dataset(File& file, std::string const& where, std::string const& name,
                      ElementType type, Handle const& space, Handle const& creation) {
    return owned<H5Dclose>(checked(H5Dcreate2(file.id(), name.c_str(), file_type(type), space.id(),
                                              H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                                   ExitCode::environment, "create", where));
}

Shape shape_of(Handle const& dataset, std::string const& where) {
    auto const space = owned<H5Sclose>(
        checked(H5Dget_space(dataset.id()), ExitCode::bad_input, "read the shape of", where));
    auto const rank = H5Sget_simple_extent_ndims(space.id());
    base::validate(rank == 1 || rank == 2, ExitCode::bad_input, "{} has rank {}, not 1 or 2", where,
                   rank);
    std::array<hsize_t, 2> extent{};
    checked(H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr), ExitCode::bad_input,
            "read the shape of", where);
    return {extent[0], extent[1]};
}

}  // namespace

std::size_t size_of(ElementType type) {
    switch (type) {
        case ElementType::uint8:
            return 1;
        case ElementType::uint16:
            return 2;
        case ElementType::uint32:
        case ElementType::int32:
            return 4;
        case ElementType::uint64:
        case ElementType::int64:
            return 8;
    }
    return 0;
}

char const* name(ElementType type) {
    constexpr std::array names{"uint8", "uint16", "uint32", "uint64", "int32", "int64"};
    return names[static_cast<std::size_t>(type)];
}

Dataset Dataset::create(File& file, std::string const& name, ElementType type, Shape shape) {
    auto const where = "dataset " + name + " of " + file.shown();
    auto const space = space_of(shape, ExitCode::environment, where);
    auto const creation = creation_list(where);
    checked(H5Pset_layout(creation.id(), H5D_CONTIGUOUS), ExitCode::environment, "lay out", where);
    checked(H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY), ExitCode::environment,
            "lay out", where);
    checked(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), ExitCode::environment, "lay out",
            where);
    auto handle = create_dataset(file, where, name, type, space, creation);
    return {where, file.fault(), std::move(handle), type, shape};
}

Dataset Dataset::open(File const& file, std::string const& name, ElementType type) {
    auto const where = "dataset " + name + " of " + file.shown();
    auto handle = owned<H5Dclose>(checked(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT),
                                          ExitCode::bad_input, "open", where));
    auto const stored = owned<H5Tclose>(
        checked(H5Dget_type(handle.id()), ExitCode::bad_input, "read the type of", where));
    base::validate(H5Tequal(stored.id(), file_type(type)) > 0, ExitCode::bad_input,
                   "{} is not of type {}, little-endian", where, hdf5::name(type));
    auto const shape = shape_of(handle, where);
    return {where, file.fault(), std::move(handle), type, shape};
}

std::uint64_t Dataset::checked_rows(std::uint64_t first_row, std::size_t bytes) const {
    auto const row_bytes = size_of(type_) * shape_.row_elements();
    auto const rows = bytes / row_bytes;
    base::validate(
        rows * row_bytes == bytes && first_row <= shape_.rows && rows <= shape_.rows - first_row,
        ExitCode::failed, "{} bytes from row {} on do not fit {} with {} rows", bytes, first_row,
        shown_, shape_.rows);
    return rows;
}

void Dataset::write(std::uint64_t first_row, base::ByteSpan bytes) {
    auto const rows = checked_rows(first_row, bytes.size());
    if (rows == 0) return;
    auto const code = ExitCode::environment;
    auto const target = space_of(shape_, code, shown_);
    select_rows(target, shape_, first_row, rows, code, shown_);
    auto const source = space_of({rows, shape_.width}, code, shown_);
    checked(H5Dwrite(handle_.id(), native_type(type_), source.id(), target.id(), H5P_DEFAULT,
                     bytes.data()),
            code, "write", shown_);
    if (fault_) check_written(*fault_, shown_);
}

void Dataset::read(std::uint64_t first_row, std::span<std::byte> bytes) const {
    auto const rows = checked_rows(first_row, bytes.size());
    if (rows == 0) return;
    auto const code = ExitCode::bad_input;
    auto const source = space_of(shape_, code, shown_);
    select_rows(source, shape_, first_row, rows, code, shown_);
    auto const target = space_of({rows, shape_.width}, code, shown_);
    checked(H5Dread(handle_.id(), native_type(type_), target.id(), source.id(), H5P_DEFAULT,
                    bytes.data()),
            code, "read", shown_);
}

std::optional<std::uint64_t> Dataset::file_offset() const {
    auto const offset = H5Dget_offset(handle_.id());
    if (offset == HADDR_UNDEF) return std::nullopt;
    return offset;
}

void create_virtual(File& file, std::string const& name, ElementType type, std::uint64_t width,
                    std::vector<VirtualPart> const& parts) {
    auto const where = "virtual dataset " + name + " of " + file.shown();
    auto const code = ExitCode::environment;
    Shape whole{0, width};
    for (auto const& part : parts) whole.rows += part.rows;
    auto const space = space_of(whole, code, where);
    auto const creation = creation_list(where);
    std::uint64_t first = 0;
    for (auto const& part : parts) {
        if (part.rows == 0) continue;
        select_rows(space, whole, first, part.rows, code, where);
        auto const source = space_of({part.rows, width}, code, where);
        checked(
            H5Pset_virtual(creation.id(), space.id(), part.file.c_str(), name.c_str(), source.id()),
            code, "map", where);
        first += part.rows;
    }
    checked(H5Sselect_all(space.id()), code, "select", where);
    create_dataset(file, where, name, type, space, creation);
}

}  // namespace tessera::hdf5
