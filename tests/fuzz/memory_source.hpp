#pragma once

#include "byte_source.hpp"

#include <algorithm>

namespace tessera::fuzz {

/// Bytes in memory, seen through a window as small as the reader allows, so that it moves often.
class MemorySource : public capture::ByteSource {
  public:
    explicit MemorySource(base::ByteSpan bytes) : bytes_(bytes) {}

    std::uint64_t position() const override { return offset(); }
    std::uint64_t size() const override { return bytes_.size(); }
    std::string failure() const override { return {}; }

  protected:
    bool refill(std::size_t count) override {
        auto const rest = bytes_.subspan(offset());
        window_ = rest.first(std::min(rest.size(), count));
        return window_.size() >= count;
    }

  private:
    base::ByteSpan bytes_;
};

}  // namespace tessera::fuzz
