#pragma once

#include <cstdint>
#include <string>

namespace tessera::base {

/// Name of the machine that this process runs on; "unknown host" when it does not say.
std::string host_name();

/// Most memory that was ever resident in this program, in bytes; 0 when the kernel does not say.
std::uint64_t peak_resident_bytes();

}  // namespace tessera::base
