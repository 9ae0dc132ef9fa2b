#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tessera::apps {

/// The Python that `containers/setup.sh --bench` put into the user's cache folder; "python3"
/// before.
std::filesystem::path peers_python();

struct BenchConfig {
    std::vector<std::string> input;  ///< captures to make the corpus from
    std::filesystem::path corpus;    ///< the corpus; made from `input` when it is absent
    std::int64_t corpus_megabytes = 700;
    std::int64_t largest_megabytes = 0;  ///< of input in the curve of memory; 0: the corpus
    std::filesystem::path report;        ///< page of `preprocess` to write; empty: none
    std::filesystem::path python = peers_python();  ///< with torch, transformers and scapy
    std::filesystem::path store;  ///< for the rate of the loader in `train`; empty: not measured
    std::string model = "small";
    std::int64_t micro_batch_size = 32;
    std::int64_t seq_length = 128;
    std::int64_t steps = 10;
    std::int64_t threads = 0;
    std::int64_t runs = 5;
};

/// One comparison: medians of ours and of the peer, measured in turn, and their ratio.
struct Figure {
    std::string name;
    std::string unit;
    double ours = 0;
    double peer = 0;
    double target = 0;   ///< the ratio aimed at
    bool lower = true;   ///< the smaller ratio is the better one
    std::string method;  ///< what was run, one line

    double ratio() const { return ours / peer; }
};

/// Whether the ratio is on the right side of its target.
bool met(Figure const& figure);

/// `preprocess` against a bare libpcap read loop, tshark and scapy where they are installed, and
/// two ranks against one, on the same file in the page cache, whole processes all. Writes the page
/// with the curves when one is named.
std::vector<Figure> bench_preprocess(BenchConfig const& config,
                                     std::filesystem::path const& programs);

/// A training step against Hugging Face's BertForPreTraining on the same LibTorch version, threads
/// and allocator settings, in turn.
std::vector<Figure> bench_train(BenchConfig const& config, std::filesystem::path const& programs);

/// Inference of Deep Packet's net against PyTorch, and of ET-BERT (small and base) against Hugging
/// Face, on the same threads, in turn.
std::vector<Figure> bench_infer(BenchConfig const& config, std::filesystem::path const& programs);

}  // namespace tessera::apps
