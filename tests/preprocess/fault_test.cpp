#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>

#include <capture_builder.hpp>
#include <failing_files.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shared_scratch.hpp>
#include <zlib.h>

#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/verify.hpp>
#include <tessera/preprocess/preprocess.hpp>

// What becomes of a run when the disk fails under one of its ranks. Every rank runs these.
namespace tessera::preprocess {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A capture of `packets` UDP packets of 40 flows, about 140 bytes each, which gzip makes little
/// shorter.
test::Bytes capture_of(std::size_t packets) {
    std::mt19937 random(3);
    test::PcapWriter writer;
    test::PacketSpec spec{.protocol = packet::Protocol::udp, .payload = test::Bytes(80)};
    for (std::size_t i = 0; i < packets; ++i) {
        spec.source_port = static_cast<std::uint16_t>(20'000 + i * 7 % 40);
        for (auto& byte : spec.payload) byte = static_cast<std::byte>(random());
        writer.add(test::frame(spec), static_cast<base::Nanoseconds>(i) * 1'000'000);
    }
    return writer.bytes();
}

void save_gzip(fs::path const& path, test::Bytes const& bytes) {
    auto* file = gzopen(path.c_str(), "wb1");
    auto const size = static_cast<unsigned>(bytes.size());
    ASSERT_EQ(gzwrite(file, bytes.data(), size), static_cast<int>(size));
    gzclose(file);
}

/// How a capture comes to its ranks.
enum class Way { alone, in_slices, on_node, in_order };

bool is_sliced(Way way) {
    return way == Way::in_slices || way == Way::on_node;
}

class PreprocessFaults : public testing::TestWithParam<Way> {
  protected:
    PreprocessFaults() {
        config_.store = scratch_.path / "store";
        config_.input = {(scratch_.path / "captures").string()};
        if (GetParam() == Way::alone) config_.share_bytes = 0;
        if (is_sliced(GetParam())) config_.share_bytes = 10'000;
        config_.share_memory = GetParam() == Way::on_node;
        if (GetParam() == Way::in_order) config_.share_bytes = 100'000;
        if (comm_.is_root()) make_captures();
        comm::barrier(comm_);
    }

    // Small ones together are one unit, so that two are needed that fill a unit each.
    void make_captures() {
        auto const folder = scratch_.path / "captures";
        fs::create_directories(folder);
        if (GetParam() == Way::alone) {
            test::save(folder / "a.pcap", capture_of(8'000));
            test::save(folder / "b.pcap", capture_of(8'100));
        } else if (is_sliced(GetParam())) {
            test::save(folder / "a.pcap", capture_of(100));
        } else {
            save_gzip(folder / "a.pcap.gz", capture_of(3'000));
        }
    }

    /// The agreed error of a run; none when it went well.
    std::optional<base::Error> run(base::FileSystem& files) {
        try {
            preprocess(comm_, config_, files, {});
        } catch (comm::AgreedError const& error) {
            return error;
        }
        return std::nullopt;
    }

    // On rank 0, for all: what is there is whole.
    void expect_nothing_half_published(std::map<std::string, std::string> const& reference) {
        comm::barrier(comm_);  // all ranks have cleared away what they had begun
        if (comm_.is_root()) {
            for (auto const& [name, bytes] : test::contents(scratch_.path / "store.partial")) {
                if (!name.ends_with(".h5")) continue;
                EXPECT_EQ(bytes, reference.at(name)) << name;
            }
            if (fs::exists(config_.store)) {
                EXPECT_EQ(stored(), reference);
            }
        }
        comm::barrier(comm_);
    }

    // But for notes that could not be removed behind it: they mean nothing.
    std::map<std::string, std::string> stored() const {
        auto files = test::contents(config_.store);
        std::erase_if(files, [](auto const& file) {
            return file.first == "job.txt" || file.first == ".lock" ||
                   file.first.starts_with("unit-");
        });
        return files;
    }

    std::map<std::string, std::string> reference() {
        EXPECT_FALSE(run(base::local_files()));
        auto const whole = test::contents(config_.store);
        comm::barrier(comm_);
        start_anew();
        return whole;
    }

    void finish_and_expect(std::map<std::string, std::string> const& reference) {
        if (!fs::exists(config_.store)) {
            EXPECT_FALSE(run(base::local_files()));
        }
        comm::barrier(comm_);
        EXPECT_EQ(stored(), reference);
    }

    void start_anew() {
        comm::barrier(comm_);
        if (comm_.is_root()) {
            fs::remove_all(config_.store);
            fs::remove_all(scratch_.path / "store.partial");
        }
        comm::barrier(comm_);
    }

    test::SharedScratch scratch_;
    comm::Communicator const& comm_ = scratch_.comm;
    PreprocessConfig config_;
};

// The n-th call to the disk fails, on the first or the last rank, for every n that it comes to.
// What is left then is finished now and then only: each time would take long.
TEST_P(PreprocessFaults, ADiskThatFailsStopsEveryRankAndTheNextCallFinishes) {
    auto const whole = reference();
    int const victims = std::min(comm_.size(), 2);
    for (int calls = 0, sound = 0; sound < victims; ++calls) {
        ASSERT_LT(calls, 1000);
        auto const victim = calls % victims == 0 ? 0 : comm_.size() - 1;
        test::FailingFiles files(comm_.rank() == victim ? calls / victims : -1);
        auto const error = run(files);
        auto const failed =
            comm::all_reduce(comm_, std::int64_t{files.has_failed() ? 1 : 0}, comm::Op::max) > 0;
        sound = failed ? 0 : sound + 1;
        if (!fs::exists(config_.store)) {
            EXPECT_EQ(error.has_value(), failed) << calls;
        }
        if (error) {
            EXPECT_EQ(error->code(), base::ExitCode::environment);
            EXPECT_THAT(error->what(), HasSubstr(scratch_.path.string()));
            expect_nothing_half_published(whole);
        }
        if (calls % 4 == 0) finish_and_expect(whole);
        start_anew();
    }
}

// A capture is cut short while it is read: when the first tokens go to the disk, which in flows of
// 16 packets they do when less than half was read.
TEST_P(PreprocessFaults, ACaptureThatFailsHalfWayStopsEveryRank) {
    config_.flow.max_packets = 16;
    config_.token.bytes_per_packet = 128;
    config_.share_bytes = GetParam() == Way::alone ? 0 : 300'000;
    auto const file = scratch_.path / (GetParam() == Way::in_order ? "long.pcap.gz" : "long.pcap");
    config_.input = {file.string()};
    auto const content = comm_.is_root() ? capture_of(100'000) : test::Bytes();
    auto const save = [&] {
        comm::barrier(comm_);
        if (comm_.is_root() && GetParam() == Way::in_order) save_gzip(file, content);
        if (comm_.is_root() && GetParam() != Way::in_order) test::save(file, content);
        comm::barrier(comm_);
    };
    save();
    if (GetParam() != Way::alone)
        config_.share_bytes = static_cast<std::int64_t>(fs::file_size(file));
    auto const whole = reference();
    test::FailingFiles files(-1);
    files.on_create = [&] {
        if (fs::exists(scratch_.path / "store.partial/job.txt")) fs::resize_file(file, 1'000);
    };
    auto const error = run(files);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), base::ExitCode::environment);
    EXPECT_THAT(error->what(), testing::ContainsRegex("cannot read '.*long.pcap.*bytes needed"));
    EXPECT_FALSE(fs::exists(config_.store));
    expect_nothing_half_published(whole);
    save();
    finish_and_expect(whole);
}

INSTANTIATE_TEST_SUITE_P(Ways, PreprocessFaults,
                         testing::Values(Way::alone, Way::in_slices, Way::on_node, Way::in_order));

TEST(PreprocessFaults, AFolderThatCannotBeWrittenIsNamed) {
    test::SharedScratch scratch;
    if (scratch.comm.is_root()) test::save(scratch.path / "a.pcap", capture_of(10));
    comm::barrier(scratch.comm);
    PreprocessConfig config;
    config.input = {(scratch.path / "a.pcap").string()};
    config.store = scratch.path / "a.pcap" / "store";  // a file stands in its way
    try {
        preprocess(scratch.comm, config, base::local_files(), {});
        FAIL();
    } catch (comm::AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_THAT(error.what(), HasSubstr("a.pcap/store"));
    }
}

}  // namespace
}  // namespace tessera::preprocess
