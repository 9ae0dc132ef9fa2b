#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include <tessera/capture/capture_reader.hpp>

namespace tessera::capture {

class PcapReader;
class FileSource;

/// A plain classic pcap file that can be read from any record on, so that several ranks can share
/// it. Its records have no mark at which to begin: a place in the middle is guessed, and proved
/// right when the walk over the records before it ends there.
class SlicedCapture {
  public:
    /// None when the file is anything else: pcapng, compressed, a pipe, no capture.
    static std::optional<SlicedCapture> open(std::filesystem::path const& path,
                                             CaptureLimits const& limits);
    ~SlicedCapture();
    SlicedCapture(SlicedCapture&&) noexcept;
    SlicedCapture& operator=(SlicedCapture&&) noexcept;

    std::uint64_t size() const;          ///< bytes of the file
    std::uint64_t first_record() const;  ///< its byte

    std::uint64_t largest_record() const;  ///< bytes that one may have, header included

    /// Brings [from, until) and what a usual record needs behind it into memory, as far as the file
    /// goes, so that the next calls find it there.
    void fetch(std::uint64_t from, std::uint64_t until);

    /// The first byte from `from` on at which a run of believable records begins; `size()` when
    /// there is none.
    std::uint64_t guess(std::uint64_t from);

    struct Walk {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;  ///< where the record after the last one begins, or the fault lies
        std::uint64_t records = 0;
        bool fault = false;  ///< the file cannot be read on from `end`
    };

    using OnFrame = std::function<void(packet::Frame const&)>;

    /// Reads the records that begin in [begin, until), in order.
    Walk read(std::uint64_t begin, std::uint64_t until, OnFrame const& on_frame);

    /// Passes over them, headers only.
    Walk walk(std::uint64_t begin, std::uint64_t until);

    /// The fault that the last read or walk met: its offset is the file's, its record counts from
    /// `begin`.
    std::optional<ReadFault> const& fault() const;

  private:
    explicit SlicedCapture(std::filesystem::path const& path, CaptureLimits const& limits);

    template <class Use>
    Walk for_each(std::uint64_t begin, std::uint64_t until, Use const& use);

    FileSource* source_ = nullptr;  // owned by the reader
    std::unique_ptr<PcapReader> reader_;
};

}  // namespace tessera::capture
