#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/capture/live_capture.hpp>

namespace tessera::capture {
namespace {

/// A network of its own with nothing but a loopback interface, and a socket that sends to itself.
class LiveCaptureTest : public testing::Test {
  public:
    ~LiveCaptureTest() override { ::close(socket_); }

  protected:
    void SetUp() override {
        if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "a network of its own needs root";
        socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
        ifreq request{};
        std::string_view("lo").copy(request.ifr_name, IFNAMSIZ - 1);
        request.ifr_flags = IFF_UP;
        ASSERT_EQ(::ioctl(socket_, SIOCSIFFLAGS, &request), 0);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address_;
        auto* const address = reinterpret_cast<sockaddr*>(&address_);
        ASSERT_EQ(::bind(socket_, address, length), 0);
        ASSERT_EQ(::getsockname(socket_, address, &length), 0);  // the port it got
    }

    void send(std::string_view content) const {
        auto const* const address = reinterpret_cast<sockaddr const*>(&address_);
        ASSERT_EQ(::sendto(socket_, content.data(), content.size(), 0, address, sizeof address_),
                  static_cast<ssize_t>(content.size()));
    }

  private:
    int socket_ = -1;
    sockaddr_in address_{};
};

/// The next packet, however slow the machine.
std::optional<packet::Frame> soon(LiveCapture& interface) {
    std::optional<packet::Frame> frame;
    for (int waits = 0; !frame && waits < 100; ++waits) frame = interface.next();
    return frame;
}

bool ends_with(packet::Frame const& frame, std::string_view content) {
    auto const bytes = std::as_bytes(std::span(content));
    return frame.bytes.size() >= bytes.size() &&
           std::ranges::equal(frame.bytes.last(bytes.size()), bytes);
}

}  // namespace

// The program may be at work in the model for as long as it takes to send these.
TEST_F(LiveCaptureTest, KeepsABurstUntilItIsRead) {
    constexpr int packets = 5000;
    LiveCapture interface("lo", "udp");
    for (int i = 0; i < packets; ++i) send("one of a burst");
    for (int i = 0; i < packets; ++i) {
        auto const frame = soon(interface);
        ASSERT_TRUE(frame.has_value()) << i;
        EXPECT_TRUE(ends_with(*frame, "one of a burst"));
    }
    EXPECT_FALSE(interface.next().has_value());
    EXPECT_EQ(interface.counts().lost, 0);
}

TEST_F(LiveCaptureTest, CountsWhatDidNotFit) {
    constexpr int packets = 60'000;
    LiveCapture interface("lo", "udp");
    for (int i = 0; i < packets; ++i) send("one of too many");
    int got = 0;
    while (interface.next()) ++got;
    EXPECT_GT(got, packets / 4);
    EXPECT_LT(got, packets);
    EXPECT_GT(interface.counts().lost, 0);
}

TEST_F(LiveCaptureTest, HandsOverALonePacket) {
    LiveCapture interface("lo", "");
    auto const sent = LiveCapture::now();
    send("alone");
    auto const frame = soon(interface);
    ASSERT_TRUE(frame.has_value());
    EXPECT_TRUE(ends_with(*frame, "alone"));
    EXPECT_GE(frame->time, sent);
    EXPECT_LE(frame->time, LiveCapture::now());
}

TEST_F(LiveCaptureTest, FiltersInTheKernel) {
    LiveCapture interface("lo", "tcp");
    send("not asked for");
    for (int waits = 0; waits < 4; ++waits) EXPECT_FALSE(interface.next().has_value());
    EXPECT_THROW(LiveCapture("lo", "no such filter"), base::Error);
}

TEST_F(LiveCaptureTest, NoSuchInterface) {
    EXPECT_THROW(LiveCapture("none-of-this-name", ""), base::Error);
}

}  // namespace tessera::capture
