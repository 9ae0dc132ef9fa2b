#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tessera/base/time.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::capture {

/// What the kernel counted since the capture began.
struct LiveCounts {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;  ///< for want of room in the kernel's buffer, or by the network card
};

/// Packets of a network interface as they come, through libpcap. Needs the right to capture
/// (CAP_NET_RAW).
class LiveCapture {
  public:
    /// `filter`: BPF expression, run in the kernel; empty: every packet. Error(environment) when
    /// the interface is not there or may not be read, Error(usage) for a filter that does not
    /// compile.
    LiveCapture(std::string const& interface, std::string const& filter);
    ~LiveCapture();
    LiveCapture(LiveCapture&&) noexcept;
    LiveCapture& operator=(LiveCapture&&) noexcept;

    /// The next packet, its bytes valid until the next call; none when none came for 50 ms.
    /// Error(environment) when the interface went away.
    std::optional<packet::Frame> next();

    LiveCounts counts() const;

    /// A packet may come this long after its stamp: the kernel keeps it for up to twice 50 ms to
    /// hand over many at once, and `next` waits for 50.
    static constexpr base::Nanoseconds longest_delay = 150'000'000;

    /// Now, on the clock that the kernel stamps packets by.
    static base::Nanoseconds now();

  private:
    class Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace tessera::capture
