#pragma once

#include "spool.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include <tessera/base/bytes.hpp>

namespace tessera::dataset {

/// A column being filled: its latest values in memory, the earlier ones in the spool.
class ColumnBuffer {
  public:
    virtual ~ColumnBuffer() = default;

    std::uint64_t total_bytes() const { return spooled_ + pending().size(); }
    std::size_t pending_bytes() const { return pending().size(); }

    /// Moves what is in memory to the spool.
    void put_by(Spool& spool) {
        if (pending().empty()) return;
        extents_.push_back(spool.append(pending()));
        spooled_ += pending().size();
        clear_pending();
    }

    /// All bytes in order, in pieces of at most 1 MiB that hold whole values.
    void for_each_piece(Spool const& spool, std::function<void(base::ByteSpan)> const& use) const {
        std::vector<std::byte> piece;
        for (auto const& extent : extents_) {
            for (std::uint64_t done = 0; done < extent.bytes; done += piece.size()) {
                piece.resize(std::min<std::uint64_t>(max_piece, extent.bytes - done));
                spool.read(extent.offset + done, piece);
                use(piece);
            }
        }
        if (!pending().empty()) use(pending());
    }

  private:
    static constexpr std::size_t max_piece = std::size_t{1} << 20U;

    virtual base::ByteSpan pending() const = 0;
    virtual void clear_pending() = 0;

    std::vector<Spool::Extent> extents_;
    std::uint64_t spooled_ = 0;
};

template <class T>
class ColumnOf final : public ColumnBuffer {
  public:
    std::vector<T> values;  ///< those in memory: append here

  private:
    base::ByteSpan pending() const override { return std::as_bytes(std::span(values)); }
    void clear_pending() override { values.clear(); }
};

}  // namespace tessera::dataset
