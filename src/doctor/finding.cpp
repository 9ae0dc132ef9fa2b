#include <array>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

std::string_view name(Level level) {
    constexpr std::array<std::string_view, 4> names{"ok", "note", "warning", "fault"};
    return names.at(static_cast<std::size_t>(level));
}

}  // namespace tessera::doctor
