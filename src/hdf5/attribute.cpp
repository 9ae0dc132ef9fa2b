#include "call.hpp"

#include <tessera/hdf5/file.hpp>

// Attributes of the root group: one text of fixed length, or one unsigned integer.
namespace tessera::hdf5 {

namespace {

using base::ExitCode;

constexpr std::size_t max_text = 4096;  // bytes; far above what we write

Handle text_type(std::size_t size, ExitCode code, std::string const& where) {
    auto type = owned<H5Tclose>(checked(H5Tcopy(H5T_C_S1), code, "make the type of", where));
    checked(H5Tset_size(type.id(), size == 0 ? 1 : size), code, "size", where);
    checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), code, "encode", where);
    checked(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), code, "pad", where);
    return type;
}

void write(File const& file, std::string const& where, std::string const& name, hid_t file_type,
           hid_t memory_type, void const* value) {
    auto const space = owned<H5Sclose>(
        checked(H5Screate(H5S_SCALAR), ExitCode::environment, "make the space of", where));
    auto const attribute = owned<H5Aclose>(checked(
        H5Acreate2(file.id(), name.c_str(), file_type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
        ExitCode::environment, "create", where));
    checked(H5Awrite(attribute.id(), memory_type, value), ExitCode::environment, "write", where);
}

Handle open_scalar(File const& file, std::string const& where, std::string const& name) {
    auto attribute = owned<H5Aclose>(
        checked(H5Aopen(file.id(), name.c_str(), H5P_DEFAULT), ExitCode::bad_input, "open", where));
    auto const space = owned<H5Sclose>(
        checked(H5Aget_space(attribute.id()), ExitCode::bad_input, "read the shape of", where));
    base::validate(H5Sget_simple_extent_npoints(space.id()) == 1, ExitCode::bad_input,
                   "{} is not a single value", where);
    return attribute;
}

Handle type_of(Handle const& attribute, std::string const& where) {
    return owned<H5Tclose>(
        checked(H5Aget_type(attribute.id()), ExitCode::bad_input, "read the type of", where));
}

}  // namespace

void File::write_attribute(std::string const& name, std::string_view text) {
    auto const where = "attribute " + name + " of " + shown();
    auto const type = text_type(text.size(), ExitCode::environment, where);
    std::string const padded(text.empty() ? std::string_view("\0", 1) : text);
    write(*this, where, name, type.id(), type.id(), padded.data());
}

void File::write_attribute(std::string const& name, std::uint64_t value) {
    write(*this, "attribute " + name + " of " + shown(), name, H5T_STD_U64LE, H5T_NATIVE_UINT64,
          &value);
}

std::string File::text_attribute(std::string const& name) const {
    auto const where = "attribute " + name + " of " + shown();
    auto const attribute = open_scalar(*this, where, name);
    auto const stored = type_of(attribute, where);
    auto const size = H5Tget_size(stored.id());
    base::validate(H5Tget_class(stored.id()) == H5T_STRING &&
                       H5Tis_variable_str(stored.id()) == 0 && size <= max_text,
                   ExitCode::bad_input, "{} is not a text of at most {} bytes", where, max_text);
    std::string text(size, '\0');
    auto const type = text_type(size, ExitCode::bad_input, where);
    checked(H5Aread(attribute.id(), type.id(), text.data()), ExitCode::bad_input, "read", where);
    return text.substr(0, text.find('\0'));
}

std::uint64_t File::integer_attribute(std::string const& name) const {
    auto const where = "attribute " + name + " of " + shown();
    auto const attribute = open_scalar(*this, where, name);
    auto const stored = type_of(attribute, where);
    base::validate(H5Tequal(stored.id(), H5T_STD_U64LE) > 0, ExitCode::bad_input,
                   "{} is not a uint64", where);
    std::uint64_t value = 0;
    checked(H5Aread(attribute.id(), H5T_NATIVE_UINT64, &value), ExitCode::bad_input, "read", where);
    return value;
}

}  // namespace tessera::hdf5
