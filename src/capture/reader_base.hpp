#pragma once

#include "byte_source.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <tessera/capture/capture_reader.hpp>

namespace tessera::capture {

/// What the readers of both formats share: the source, the fault, the progress.
class ReaderBase : public CaptureReader {
  public:
    std::optional<ReadFault> const& fault() const override { return fault_; }
    std::string format() const override { return format_; }
    std::uint64_t position() const override { return source_->position(); }
    std::uint64_t size() const override { return source_->size(); }

  protected:
    /// `packing` is how the file was compressed, e.g. " in gzip".
    ReaderBase(std::unique_ptr<ByteSource> source, std::string packing)
        : source_(std::move(source)), packing_(std::move(packing)) {}

    /// Ends the reading here.
    bool fail(std::string reason) {
        fault_ = ReadFault{source_->offset(), records_ + 1, std::move(reason)};
        return false;
    }

    /// The source ended where a record of `size` bytes, called `what`, was to be.
    bool fail_cut(char const* what, std::size_t size);

    /// The source holds no further record header: the end of the file, or of what is left of it.
    bool end(char const* what, std::size_t size);

    std::unique_ptr<ByteSource> source_;
    std::string packing_;
    std::string format_;
    std::optional<ReadFault> fault_;
    std::uint64_t records_ = 0;  // read whole so far
};

/// The largest captured length that a snap length makes believable.
std::uint32_t captured_limit(std::uint32_t snap_length, CaptureLimits const& limits);

/// The LINKTYPE number as a frame carries it; numbers above 16 bits, which nobody has given out,
/// become 65,535.
packet::LinkType link_type(std::uint32_t number);

/// Fetches the next record header while the caller works on this packet: it lies behind the packet
/// and in no stride that the processor could guess.
inline void prefetch_next(ByteSource const& source) {
    constexpr std::size_t cache_line = 64;
    __builtin_prefetch(source.view().data());
    __builtin_prefetch(source.view().data() + cache_line);
}

}  // namespace tessera::capture
