#include "watch_socket.hpp"

#include <chrono>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace tessera::comm {
namespace {

using Hosts = WatchSocket::Hosts;

Hosts hosts(std::initializer_list<char const*> addresses) {
    Hosts result{};
    std::size_t count = 0;
    for (auto const* const address : addresses) ::inet_pton(AF_INET, address, &result[count++]);
    return result;
}

std::optional<WatchSocket> soon_accepted(WatchSocket const& listener) {
    for (int i = 0; i < 100; ++i) {
        if (auto socket = listener.accepted()) return socket;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return std::nullopt;
}

TEST(WatchSocket, TakesTheAddressThatAnswers) {
    auto const listener = WatchSocket::listening(WatchSocket::Reach::this_node);
    // The first two refuse at once: the listener is bound to 127.0.0.1 alone.
    auto const caller =
        WatchSocket::connected(hosts({"127.0.0.2", "127.0.0.3", "127.0.0.1"}), listener.port(), 5);
    ASSERT_TRUE(caller);
    auto const called = soon_accepted(listener);
    ASSERT_TRUE(called);
    std::byte const word{42};
    ASSERT_TRUE(caller->send(std::span(&word, 1)));
    std::byte heard{};
    for (int i = 0; i < 100 && heard != word; ++i) {
        ASSERT_TRUE(called->receive(std::span(&heard, 1)));
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(heard, word);
}

TEST(WatchSocket, GivesUpWhereNobodyListens) {
    auto port = WatchSocket::listening(WatchSocket::Reach::this_node).port();  // closed again
    EXPECT_FALSE(WatchSocket::connected(hosts({"127.0.0.1", "127.0.0.2"}), port, 5));
    EXPECT_FALSE(WatchSocket::connected(Hosts{}, port, 1));
}

TEST(WatchSocket, IsReachedAtItsOwnAddresses) {
    auto const listener = WatchSocket::listening(WatchSocket::Reach::all_nodes);
    auto const own = WatchSocket::own_hosts(WatchSocket::Reach::all_nodes);
    EXPECT_NE(own[0], 0U);
    EXPECT_TRUE(WatchSocket::connected(own, listener.port(), 5));
    EXPECT_EQ(to_text(WatchSocket::own_hosts(WatchSocket::Reach::this_node)), "127.0.0.1");
    EXPECT_EQ(to_text(hosts({"10.0.0.1", "192.168.1.7"})), "10.0.0.1, 192.168.1.7");
}

}  // namespace
}  // namespace tessera::comm
