#pragma once

#include <cstddef>
#include <optional>

#include <tessera/base/bytes.hpp>

namespace tessera::token {

/// Where bytes lie.
struct ByteRange {
    std::size_t begin = 0;
    std::size_t end = 0;

    bool operator==(ByteRange const&) const = default;
};

/// The host name in the server_name extension (RFC 6066, 3) of the TLS ClientHello (RFC
/// 8446, 4.1.2) that the payload begins with, as far as the payload reaches; none when it begins
/// otherwise. A hello that goes on in another segment is read up to its end here.
std::optional<ByteRange> server_name(base::ByteSpan payload);

}  // namespace tessera::token
