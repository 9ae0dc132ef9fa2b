#pragma once

#include <string>
#include <string_view>

#include <hdf5.h>

#include <tessera/base/error.hpp>
#include <tessera/hdf5/handle.hpp>

namespace tessera::hdf5 {

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

/// Keeps HDF5 from printing its error stack; called before every first use.
void silence();

/// Throws Error(code): "cannot <action> <where>: <what HDF5 says>".
[[noreturn]] void fail_call(base::ExitCode code, std::string_view action, std::string_view where);

/// Passes a result of HDF5 on, or throws; HDF5 signals failure by a negative value.
template <class Result>
Result checked(Result result, base::ExitCode code, std::string_view action,
               std::string_view where) {
    if (result < 0) fail_call(code, action, where);
    return result;
}

/// An identifier that `Release` closes, e.g. owned<H5Pclose>(id).
template <herr_t (*Close)(hid_t)>
Handle owned(hid_t id) {
    return {id, [](std::int64_t closed) noexcept { Close(closed); }};
}

}  // namespace tessera::hdf5
