#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include <tessera/base/bytes.hpp>

namespace tessera::dataset {

/// A nameless temporary file: gone with the process, however it ends. Made at first use. Calls
/// throw Error(environment) that names the folder, the reason and the bytes needed.
class Spool {
  public:
    explicit Spool(std::filesystem::path folder) : folder_(std::move(folder)) {}
    ~Spool();
    Spool(Spool const&) = delete;
    Spool& operator=(Spool const&) = delete;

    struct Extent {
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;
    };

    Extent append(base::ByteSpan bytes);
    void read(std::uint64_t offset, std::span<std::byte> bytes) const;

  private:
    void open();
    [[noreturn]] void fail(char const* action, std::uint64_t bytes) const;

    std::filesystem::path folder_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

}  // namespace tessera::dataset
