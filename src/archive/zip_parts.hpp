#pragma once

#include <map>
#include <string>

#include <tessera/base/bytes.hpp>

namespace tessera::archive {

/// Parts of a zip file by name, for files whose parts are stored as they are (as PyTorch does).
using ZipParts = std::map<std::string, base::ByteSpan, std::less<>>;

/// Reads the central directory (APPNOTE 6.3.10, 4.3.12 to 4.3.16, ZIP64 included) and checks each
/// part's place and CRC-32. std::invalid_argument says what is wrong: no zip, a compressed part, a
/// name twice, a part outside of the file or over another one.
ZipParts zip_parts(base::ByteSpan file);

}  // namespace tessera::archive
