#include <array>
#include <chrono>

#include <pcap/pcap.h>
#include <poll.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/capture/live_capture.hpp>

namespace tessera::capture {
namespace {

using base::ExitCode;

constexpr int snap_length = 262'144;     // bytes, libpcap's own largest
constexpr int kernel_buffer = 16 << 20;  // bytes: a burst waits here while the model works
// ms until `next` comes back without a packet, and until the kernel hands over a block that is not
// full. (libpcap's immediate mode has no blocks but a slot of the longest packet for each packet:
// 128 packets of a loopback interface filled the buffer.)
constexpr int timeout = 50;
constexpr std::int64_t second = 1'000'000'000;  // ns

/// libpcap numbers raw IP by the operating system's value, captures by another.
packet::LinkType link_of(int data_link) {
    return data_link == DLT_RAW ? packet::LinkType::raw_ip
                                : static_cast<packet::LinkType>(data_link);
}

}  // namespace

class LiveCapture::Handle {
  public:
    Handle(std::string const& interface, std::string const& filter)
        : shown_(base::printable(interface)), pcap_(create(interface)) {
        pcap_set_snaplen(pcap_, snap_length);
        pcap_set_timeout(pcap_, timeout);
        pcap_set_buffer_size(pcap_, kernel_buffer);
        nanoseconds_ = pcap_set_tstamp_precision(pcap_, PCAP_TSTAMP_PRECISION_NANO) == 0;
        try {
            activate();
            set_filter(filter);
        } catch (...) {
            pcap_close(pcap_);
            throw;
        }
    }
    ~Handle() { pcap_close(pcap_); }
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;

    std::optional<packet::Frame> next() {
        pcap_pkthdr* header = nullptr;
        u_char const* bytes = nullptr;
        auto result = pcap_next_ex(pcap_, &header, &bytes);
        if (result == 0 && wait()) result = pcap_next_ex(pcap_, &header, &bytes);
        base::validate(result >= 0, ExitCode::environment, "cannot capture on '{}' any longer: {}",
                       shown_, pcap_geterr(pcap_));
        if (result == 0) return std::nullopt;
        auto const fraction = std::int64_t{header->ts.tv_usec} * (nanoseconds_ ? 1 : 1000);
        return packet::Frame{{reinterpret_cast<std::byte const*>(bytes), header->caplen},
                             header->len,
                             link_,
                             std::int64_t{header->ts.tv_sec} * second + fraction};
    }

    LiveCounts counts() const {
        pcap_stat stat{};
        if (pcap_stats(pcap_, &stat) != 0) return {};
        return {stat.ps_recv, std::uint64_t{stat.ps_drop} + stat.ps_ifdrop};
    }

  private:
    static pcap_t* create(std::string const& interface) {
        std::array<char, PCAP_ERRBUF_SIZE> complaint{};
        auto* handle = pcap_create(interface.c_str(), complaint.data());
        base::validate(handle != nullptr, ExitCode::environment, "cannot capture on '{}': {}",
                       base::printable(interface), complaint.data());
        return handle;
    }

    /// True when something may be there to read within the time-out. libpcap's own waiting has none
    /// on some kernels, and goes on over signals.
    bool wait() {
        pollfd waited{pcap_get_selectable_fd(pcap_), POLLIN, 0};
        return ::poll(&waited, 1, timeout) > 0;
    }

    void activate() {
        auto const result = pcap_activate(pcap_);
        base::validate(result >= 0, ExitCode::environment,
                       "cannot capture on '{}': {} ({}); `ip link` lists the interfaces, and "
                       "capturing needs root or CAP_NET_RAW",
                       shown_, pcap_statustostr(result), pcap_geterr(pcap_));
        link_ = link_of(pcap_datalink(pcap_));
        std::array<char, PCAP_ERRBUF_SIZE> complaint{};
        base::validate(pcap_setnonblock(pcap_, 1, complaint.data()) == 0, ExitCode::environment,
                       "cannot capture on '{}': {}", shown_, complaint.data());
    }

    void set_filter(std::string const& filter) {
        if (filter.empty()) return;
        bpf_program code{};
        constexpr int optimise = 1;
        base::validate(
            pcap_compile(pcap_, &code, filter.c_str(), optimise, PCAP_NETMASK_UNKNOWN) == 0,
            ExitCode::usage, "filter '{}' does not compile: {}; see pcap-filter(7)", filter,
            pcap_geterr(pcap_));
        auto const result = pcap_setfilter(pcap_, &code);
        pcap_freecode(&code);
        base::validate(result == 0, ExitCode::environment, "cannot filter on '{}': {}", shown_,
                       pcap_geterr(pcap_));
    }

    std::string shown_;
    pcap_t* pcap_;
    bool nanoseconds_ = false;
    packet::LinkType link_ = packet::LinkType::ethernet;
};

LiveCapture::LiveCapture(std::string const& interface, std::string const& filter)
    : handle_(std::make_unique<Handle>(interface, filter)) {}
LiveCapture::~LiveCapture() = default;
LiveCapture::LiveCapture(LiveCapture&&) noexcept = default;
LiveCapture& LiveCapture::operator=(LiveCapture&&) noexcept = default;

std::optional<packet::Frame> LiveCapture::next() {
    return handle_->next();
}

base::Nanoseconds LiveCapture::now() {
    auto const since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

LiveCounts LiveCapture::counts() const {
    return handle_->counts();
}

}  // namespace tessera::capture
