#include "call.hpp"

namespace tessera::hdf5 {

namespace {

using base::ExitCode;

struct Reason {
    std::string system;  // text of errno, where a system call failed
    std::string first;   // description at the place where the error arose
};

// HDF5 hides the system's message inside a line of details.
std::string system_message(std::string_view description) {
    constexpr std::string_view opening = "error message = '";
    auto const begin = description.find(opening);
    if (begin == std::string_view::npos) return {};
    auto const rest = description.substr(begin + opening.size());
    return std::string(rest.substr(0, rest.find('\'')));
}

herr_t collect(unsigned, H5E_error2_t const* frame, void* data) {
    auto& reason = *static_cast<Reason*>(data);
    std::string_view const text = frame->desc != nullptr ? frame->desc : "";
    if (reason.first.empty()) reason.first = text;
    if (reason.system.empty()) reason.system = system_message(text);
    return 0;
}

}  // namespace

void silence() {
    static bool const done = [] {
        H5open();
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        return true;
    }();
    static_cast<void>(done);
}

void fail_call(ExitCode code, std::string_view action, std::string_view where) {
    Reason reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &reason);
    H5Eclear2(H5E_DEFAULT);
    auto const& text = reason.system.empty() ? reason.first : reason.system;
    base::fail(code, "cannot {} {}: {}", action, where,
               text.empty() ? "HDF5 gives no reason" : text);
}

}  // namespace tessera::hdf5
