#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

namespace tessera::test {

/// Little-endian, `size` bytes.
inline std::string number(std::uint64_t value, std::size_t size) {
    std::string result;
    for (std::size_t i = 0; i < size; ++i, value >>= 8U) result += static_cast<char>(value & 0xffU);
    return result;
}

/// A zip file of stored parts (name, content), as PyTorch's writer lays them out.
inline std::string zip_of(std::vector<std::pair<std::string, std::string>> const& parts) {
    std::string file;
    std::string directory;
    for (auto const& [name, content] : parts) {
        auto const crc = ::crc32(0, reinterpret_cast<Bytef const*>(content.data()),
                                 static_cast<uInt>(content.size()));
        auto const common = number(0, 8) + number(crc, 4) + number(content.size(), 4) +
                            number(content.size(), 4) + number(name.size(), 2) + number(0, 2);
        directory += number(0x02014b50, 4) + number(0, 2) + number(0, 2) + common + number(0, 10) +
                     number(file.size(), 4) + name;
        file += number(0x04034b50, 4) + number(0, 2) + common + name + content;
    }
    auto const begin = file.size();
    return file + directory + number(0x06054b50, 4) + number(0, 4) + number(parts.size(), 2) +
           number(parts.size(), 2) + number(directory.size(), 4) + number(begin, 4) + number(0, 2);
}

}  // namespace tessera::test
