#include "made_flows.hpp"
#include "scratch.hpp"

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include <tessera/base/files.hpp>
#include <tessera/dataset/store.hpp>

// An independent reader: h5py in a Python process.
namespace tessera {
namespace {

struct Answer {
    int status = 0;
    std::string text;
};

Answer python(std::filesystem::path const& folder, std::string const& program) {
    auto const script = folder / "program.py";
    std::ofstream(script) << "import h5py, json, os, sys\nfolder = sys.argv[1]\n"
                             "open_h5 = lambda name: h5py.File(os.path.join(folder, name), 'r')\n"
                          << program;
    auto const command =
        "cd / && /usr/bin/python3 '" + script.string() + "' '" + folder.string() + "' 2>&1";
    Answer answer;
    auto* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return {-1, "no pipe"};
    std::array<char, 4096> piece{};
    while (auto const got = std::fread(piece.data(), 1, piece.size(), pipe)) {
        answer.text.append(piece.data(), got);
    }
    answer.status = pclose(pipe);
    return answer;
}

class H5py : public testing::Test {
  protected:
    void SetUp() override {
        if (python(scratch_.path(), "").status != 0) {
            GTEST_SKIP() << "no /usr/bin/python3 with h5py";
        }
    }

    void expect_text(std::string const& program, std::string const& text) {
        auto const answer = python(scratch_.path(), program);
        EXPECT_EQ(answer.status, 0) << answer.text;
        EXPECT_EQ(answer.text, text);
    }

    test::Scratch scratch_;
};

TEST_F(H5py, ReadsTheWorkedExample) {
    test::write_store(base::local_files(), scratch_.path(),
                      {{{"example.pcap"}, {{test::example_flow(), 0, {}}}}}, {});
    expect_text(R"(
shard = open_h5('shard-00000.h5')
def show(name, item):
    if isinstance(item, h5py.Dataset):
        value = item[:].tobytes().hex() if name.endswith('address') else item[:].tolist()
        print(name, item.dtype, value)
shard.visititems(show)
print(sorted((key, value.decode() if isinstance(value, bytes) else value)
             for key, value in shard.attrs.items() if key not in ('settings',)))
)",
                R"(burst/direction uint8 [0, 1]
burst/packets uint64 [0, 1, 2]
flow/bursts uint64 [0, 2]
flow/capture uint32 [0]
flow/end uint8 [0]
flow/first_ns int64 [1000000000]
flow/initiator_address uint8 00000000000000000000ffff0a000001
flow/initiator_port uint16 [5000]
flow/last_ns int64 [2000000000]
flow/packets uint64 [0, 2]
flow/protocol uint8 [17]
flow/responder_address uint8 00000000000000000000ffff0a000002
flow/responder_port uint16 [53]
flow/wire_bytes uint64 [87]
offsets uint64 [0, 3, 6]
packet/direction uint8 [0, 1]
packet/offsets uint64 [0, 3, 6]
packet/payload_length uint32 [1, 2]
packet/tcp_flags uint8 [0, 0]
packet/time_ns int64 [1000000000, 2000000000]
packet/wire_length uint32 [43, 44]
tokens uint16 [17664, 0, 29, 17664, 0, 30]
[('format', 'tessera-token-shard'), ('masking', 'default'), ('shard', 0), ('tokenizer', 'bigram'), ('version', 1)]
)");
}

TEST_F(H5py, SeesTheWholeStoreThroughTheIndexFromAnyFolder) {
    test::write_store(base::local_files(), scratch_.path(), test::random_units(5, 3, 40),
                      test::three_classes());
    auto const store = dataset::open_store(scratch_.path());
    std::string wanted;
    for (std::uint64_t i = 0; i < store.bursts(); ++i) {
        std::uint64_t sum = 0;
        for (auto const token : store.burst(i).tokens) sum += token;
        wanted += std::to_string(store.burst(i).tokens.size()) + " " + std::to_string(sum) + "\n";
    }
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const flow = store.flow(i);
        wanted += store.manifest().captures[flow.capture].path + " " +
                  std::to_string(flow.tokens.size()) + " " + std::to_string(flow.packets) + " " +
                  std::to_string(flow.initiator.port) + " " + std::to_string(store.label(i, 0)) +
                  "\n";
    }
    expect_text(R"(
index = open_h5('index.h5')
captures = json.load(open(os.path.join(folder, 'manifest.json')))['captures']
tokens, offsets = index['tokens'], index['offsets'][:]
for i in range(len(offsets) - 1):
    burst = tokens[offsets[i]:offsets[i + 1]]
    print(len(burst), int(burst.sum(dtype='uint64')))
flow = {name: index['flow'][name][:] for name in index['flow']}
assert index['packet/offsets'][-1] == offsets[-1] == len(tokens)
for i in range(len(flow['capture'])):
    a, b = flow['bursts'][i:i + 2]
    print(captures[flow['capture'][i]]['path'], offsets[b] - offsets[a],
          flow['packets'][i + 1] - flow['packets'][i], flow['initiator_port'][i],
          index['labels/service'][i])
)",
                wanted);
}

TEST_F(H5py, FindsColumnsWhereTheManifestPlacesThem) {
    test::write_store(base::local_files(), scratch_.path(), test::random_units(6, 2, 10),
                      test::three_classes());
    expect_text(R"(
manifest = json.load(open(os.path.join(folder, 'manifest.json')))
for shard in manifest['shards']:
    file = open_h5(shard['file'])
    for name, place in shard['columns'].items():
        assert file[name].chunks is None
        assert file[name].id.get_offset() == place, (name, place)
print('same')
)",
                "same\n");
}

}  // namespace
}  // namespace tessera
