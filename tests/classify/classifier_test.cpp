#include "tiny_bundle.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <capture_builder.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/classify/classifier.hpp>

namespace tessera::classify {
namespace {

class Classify : public testing::Test {
  protected:
    void SetUp() override { test::write_tiny_bundle(scratch_ / "bundle"); }

    /// A capture of `flows` UDP flows with two packets each.
    capture::CaptureFile capture_of(int flows) {
        test::PcapWriter writer;
        for (int i = 0; i < flows; ++i) {
            test::PacketSpec spec;
            spec.protocol = packet::Protocol::udp;
            spec.source_port = static_cast<std::uint16_t>(1000 + i);
            spec.destination_port = 53;
            spec.payload = test::text("question " + std::to_string(i * 7919));
            writer.add(test::frame(spec), 1'000'000'000LL * i);
            std::swap(spec.source, spec.destination);
            std::swap(spec.source_port, spec.destination_port);
            spec.payload = test::text("answer " + std::to_string(i * 104'729));
            writer.add(test::frame(spec), 1'000'000'000LL * i + 1'000'000);
        }
        auto const path = test::save(scratch_ / "some.pcap", writer.bytes());
        return {path, "some.pcap", writer.bytes().size(), 0};
    }

    std::vector<Answer> answers(capture::CaptureFile const& file, std::int64_t batch_size) {
        TrainedModel model(scratch_ / "bundle");
        std::vector<Answer> all;
        Classifier classifier(model, {batch_size},
                              [&](Answer const& answer) { all.push_back(answer); });
        classifier.read(file);
        counts_ = classifier.counts();
        return all;
    }

    test::Scratch scratch_;
    ClassifyCounts counts_;
};

TEST_F(Classify, AnswersOnceForEveryFlow) {
    auto const all = answers(capture_of(40), 16);
    ASSERT_EQ(all.size(), 40U);
    std::set<std::uint16_t> ports;
    std::set<std::string> classes;
    for (auto const& answer : all) {
        EXPECT_EQ(answer.capture, "some.pcap");
        EXPECT_EQ(packet::to_text(answer.source.address), "10.0.0.1");
        EXPECT_EQ(answer.destination.port, 53);
        EXPECT_EQ(answer.packets, 2U);
        EXPECT_EQ(answer.first_seen, 1'000'000'000LL * (answer.source.port - 1000));
        EXPECT_GT(answer.probability, 1.0 / 3);
        EXPECT_LE(answer.probability, 1.0);
        ports.insert(answer.source.port);
        classes.insert(answer.class_name);
    }
    EXPECT_EQ(ports.size(), 40U);
    EXPECT_GT(classes.size(), 1U) << "the model says the same about everything: a poor test";
    EXPECT_EQ(counts_.packets_read, 80U);
    EXPECT_EQ(counts_.packets_kept, 80U);
    EXPECT_EQ(counts_.flows, 40U);
    EXPECT_EQ(counts_.answers, 40U);
    EXPECT_TRUE(counts_.faults.empty());
}

/// Frames at their time stamps on a clock that goes on in steps, as an interface gives them.
class FakeInterface {
  public:
    explicit FakeInterface(double until) : until_(at(until)) {}

    static base::Nanoseconds at(double seconds) {
        return static_cast<base::Nanoseconds>(seconds * 1e9);
    }

    /// `delay`: from its stamp until it can be had, seconds.
    void add(std::uint16_t port, double seconds, double delay = 0) {
        test::PacketSpec spec;
        spec.protocol = packet::Protocol::udp;
        spec.source_port = port;
        spec.payload = test::text("question");
        frames_.push_back({at(seconds), at(delay), test::frame(spec)});
    }

    LiveFeed feed() {
        return {"lo", [this] { return next(); }, [this] { return now_ >= until_; },
                [this] { return now_; }};
    }
    double seconds() const { return static_cast<double>(now_) / 1e9; }

  private:
    std::optional<packet::Frame> next() {
        if (read_ < frames_.size() && frames_[read_].time + frames_[read_].delay <= now_) {
            auto const& [time, delay, bytes] = frames_[read_++];
            return packet::Frame{bytes, static_cast<std::uint32_t>(bytes.size()),
                                 packet::LinkType::ethernet, time};
        }
        now_ += at(0.25);
        return std::nullopt;
    }

    base::Nanoseconds now_ = 0;
    base::Nanoseconds until_;
    struct Coming {
        base::Nanoseconds time;
        base::Nanoseconds delay;
        test::Bytes bytes;
    };
    std::vector<Coming> frames_;
    std::size_t read_ = 0;
};

// No packet comes to move the clock on: the short flows would wait for the end, or for ever.
TEST_F(Classify, AShortLiveFlowIsAnsweredInTimeWithoutAnotherPacket) {
    FakeInterface interface(60);
    interface.add(1000, 1);
    interface.add(1000, 2);
    interface.add(2000, 3);
    interface.add(1000, 30);  // answered already
    TrainedModel model(scratch_ / "bundle");
    std::map<std::uint16_t, double> answered;
    Classifier classifier(
        model, {.answer_after = 8, .answer_within = 5, .longest_wait = 0},
        [&](Answer const& answer) {
            EXPECT_TRUE(answered.emplace(answer.source.port, interface.seconds()).second);
        });
    classifier.listen(interface.feed());
    ASSERT_EQ(answered.size(), 2U);
    EXPECT_NEAR(answered[1000], 6, 0.5);
    EXPECT_NEAR(answered[2000], 8, 0.5);
    EXPECT_NEAR(classifier.counts().latency.quantile(1), 5, 0.8);  // from 3 s to 8 s
    EXPECT_NEAR(classifier.counts().latency.quantile(0), 4, 0.8);  // from 2 s to 6 s
}

TEST_F(Classify, ALiveFlowEndsByTheClockWithoutAnotherPacket) {
    FakeInterface interface(200);
    interface.add(1000, 1);
    TrainedModel model(scratch_ / "bundle");
    double answered = 0;
    Classifier classifier(model, {.answer_after = 8, .answer_within = 0, .longest_wait = 0},
                          [&](Answer const&) { answered = interface.seconds(); });
    classifier.listen(interface.feed());
    EXPECT_NEAR(answered, 121, 0.5);  // the idle time-out of the settings that the bundle carries
}

// Stamped before the stop and handed over after it: read. Stamped after it: not.
TEST_F(Classify, AStopTakesThePacketsThatAreOnTheirWay) {
    FakeInterface interface(10);
    interface.add(1000, 1);
    interface.add(2000, 9.5, 1);
    interface.add(3000, 10.4, 0.2);
    TrainedModel model(scratch_ / "bundle");
    Classifier classifier(model, {.answer_after = 8}, [](Answer const&) {});
    auto feed = interface.feed();
    feed.longest_delay = FakeInterface::at(1);
    classifier.listen(feed);
    EXPECT_EQ(classifier.counts().packets_read, 2U);
    EXPECT_EQ(classifier.counts().flows, 2U);
}

TEST_F(Classify, ALiveFeedEndsAtItsLimit) {
    FakeInterface interface(60);
    for (int i = 0; i < 5; ++i) interface.add(1000, 1 + i);
    TrainedModel model(scratch_ / "bundle");
    Classifier classifier(model, {.answer_after = 8}, [](Answer const&) {});
    auto feed = interface.feed();
    feed.most_packets = 3;
    classifier.listen(feed);
    EXPECT_EQ(classifier.counts().packets_read, 3U);
}

TEST_F(Classify, BatchesChangeNoAnswer) {
    auto const file = capture_of(23);
    auto const alone = answers(file, 1);
    auto const together = answers(file, 64);
    ASSERT_EQ(alone.size(), together.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
        EXPECT_EQ(alone[i].class_name, together[i].class_name);
        EXPECT_EQ(alone[i].first_seen, together[i].first_seen);
        EXPECT_NEAR(alone[i].probability, together[i].probability, 1e-5);
    }
}

TEST_F(Classify, ADamagedCaptureIsNotedAndItsGoodPacketsAnswered) {
    auto file = capture_of(10);
    std::filesystem::resize_file(file.path, file.bytes - 5);
    EXPECT_EQ(answers(file, 8).size(), 10U);
    ASSERT_EQ(counts_.faults.size(), 1U);
    EXPECT_THAT(counts_.faults[0], testing::HasSubstr("some.pcap"));
    EXPECT_EQ(counts_.packets_read, 19U);

    std::ofstream(scratch_ / "text.pcap") << "this is no capture";
    EXPECT_TRUE(answers({scratch_ / "text.pcap", "text.pcap", 18, 0}, 8).empty());
    EXPECT_EQ(counts_.faults.size(), 1U);
    EXPECT_EQ(counts_.captures, 0U);
}

/// The pieces of the IPv4 datagram of `spec`, `step` bytes each, the last one first.
std::vector<test::Bytes> pieces_of(test::PacketSpec const& spec, std::ptrdiff_t step) {
    auto const whole = test::transport(spec);
    auto const size = std::ssize(whole);
    std::vector<test::Bytes> pieces;
    for (std::ptrdiff_t begin = 0; begin < size; begin += step) {
        auto const end = std::min(begin + step, size);
        auto const flags = static_cast<std::uint16_t>(begin / 8 | (end < size ? 0x2000 : 0));
        pieces.push_back(test::ethernet(
            0x0800,
            test::ipv4(17, spec.source, spec.destination,
                       test::Bytes(whole.begin() + begin, whole.begin() + end), {}, flags)));
    }
    std::ranges::reverse(pieces);
    return pieces;
}

// Two flows of one port pair that differ in their addresses alone, which the masking hides: one
// sends its datagram whole, one in pieces.
TEST_F(Classify, ADatagramInPiecesIsAnsweredAsIfItHadNeverBeenCut) {
    test::PacketSpec spec{.protocol = packet::Protocol::udp,
                          .payload = test::text(std::string(100, 'q'))};
    test::PcapWriter writer;
    writer.add(test::frame(spec), 1'000'000'000);
    spec.source = "10.0.0.9";
    for (auto const& piece : pieces_of(spec, 40)) writer.add(piece, 2'000'000'000);
    auto const path = test::save(scratch_ / "pieces.pcap", writer.bytes());
    auto const all = answers({path, "pieces.pcap", writer.bytes().size(), 0}, 16);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].packets, all[1].packets);
    EXPECT_EQ(all[0].class_name, all[1].class_name);
    EXPECT_EQ(all[0].probability, all[1].probability);
    EXPECT_EQ(counts_.packets_read, counts_.packets_kept + counts_.dropped.total());
    EXPECT_EQ(counts_.dropped[packet::Drop::ip_fragment], 2U);
}

TEST_F(Classify, PacketLevelAnswersForEveryPacket) {
    test::write_tiny_bundle(scratch_ / "bundle", {.level = "packet"});
    auto const all = answers(capture_of(5), 4);
    ASSERT_EQ(all.size(), 10U);
    for (auto const& answer : all) EXPECT_EQ(answer.packets, 1U);
}

TEST_F(Classify, FindsTheBundleOfARunAndRefusesWhatIsNone) {
    std::filesystem::create_directories(scratch_ / "run");
    EXPECT_THROW(TrainedModel(scratch_ / "run"), base::Error);
    std::filesystem::rename(scratch_ / "bundle", scratch_ / "run" / "bundle");
    EXPECT_EQ(TrainedModel(scratch_ / "run").classes().size(), 3U);
}

TEST_F(Classify, RefusesABundleWhoseTokensMeanSomethingElse) {
    auto bundle = checkpoint::open_bundle(scratch_ / "bundle");
    bundle.info.token_settings = std::string(32, '0');
    std::vector<checkpoint::NamedTensor> weights;
    for (auto const& entry : bundle.weights.entries()) {
        weights.push_back({entry.name, bundle.weights.read(entry.name)});
    }
    checkpoint::write_bundle(base::local_files(), scratch_ / "other", bundle.info, weights);
    try {
        TrainedModel const model(scratch_ / "other");
        FAIL() << "the bundle was taken";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_THAT(error.what(), testing::HasSubstr("masking default"));
    }
}

}  // namespace
}  // namespace tessera::classify
