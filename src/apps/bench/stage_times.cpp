#include "stage_times.hpp"

#include <algorithm>
#include <functional>

#include <tessera/base/time.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/token/packet_cutter.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::apps {

namespace {

using OnFrame = std::function<void(packet::Frame const&)>;

double seconds_of(std::filesystem::path const& capture, OnFrame const& on_frame) {
    base::Stopwatch clock;
    auto const reader = capture::open_capture(capture);
    for (packet::Frame frame; reader->next(frame);) on_frame(frame);
    return clock.seconds();
}

// The better of two: the first one warms up what the second one uses.
double best(std::filesystem::path const& capture, OnFrame const& on_frame) {
    auto const first = seconds_of(capture, on_frame);
    return std::min(first, seconds_of(capture, on_frame));
}

double with_flows(std::filesystem::path const& capture, flow::FlowSink sink) {
    token::PacketCutter cutter({});
    flow::FlowTable table({}, std::move(sink));
    packet::Packet packet;
    return best(capture, [&](packet::Frame const& frame) {
        if (!packet::decode(frame, packet)) table.add(packet, cutter.cut(packet));
    });
}

}  // namespace

std::vector<StageTime> stage_times(std::filesystem::path const& capture) {
    packet::Packet packet;
    token::PacketCutter cutter({});
    token::Tokenizer const tokenizer(token::TokenConfig{});
    std::vector<token::TokenId> tokens;
    auto const decode = [&](packet::Frame const& frame) {
        return !packet::decode(frame, packet).has_value();
    };
    std::vector<StageTime> totals;
    totals.push_back({"read", best(capture, [](packet::Frame const&) {})});
    totals.push_back({"decode", best(capture, [&](auto const& frame) { decode(frame); })});
    totals.push_back({"cut and mask", best(capture, [&](auto const& frame) {
                          if (decode(frame)) cutter.cut(packet);
                      })});
    totals.push_back({"flow table", with_flows(capture, [](flow::Flow const&) {})});
    totals.push_back({"tokens", with_flows(capture, [&](flow::Flow const& flow) {
                          tokens.clear();
                          for (auto const& one : flow.packets) {
                              tokenizer.append(flow.bytes_of(one), tokens);
                          }
                      })});
    for (auto i = totals.size() - 1; i > 0; --i) {
        totals[i].seconds = std::max(totals[i].seconds - totals[i - 1].seconds, 0.0);
    }
    return totals;
}

}  // namespace tessera::apps
