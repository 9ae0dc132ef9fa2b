#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/live_capture.hpp>
#include <tessera/classify/answer.hpp>
#include <tessera/classify/latency.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/packet/drop.hpp>

namespace tessera::classify {

struct ClassifyConfig {
    std::int64_t batch_size = 64;   ///< sequences a model call
    std::int64_t answer_after = 0;  ///< packets of a flow after which it is answered; 0: at its end
    double longest_wait = 0.2;      ///< s that a question of a live flow waits for others
    double unknown_below = -1;      ///< probability; below 0: the bundle's own
};

/// What an answer is called that is less probable than the threshold.
inline constexpr auto unknown_class = "unknown";

void describe(base::OptionTable& options, ClassifyConfig& config);

using AnswerSink = std::function<void(Answer const&)>;

/// What was read, for a line at the end.
struct ClassifyCounts {
    std::uint64_t captures = 0;
    std::uint64_t packets_read = 0;
    std::uint64_t packets_kept = 0;
    packet::DropCounts dropped;
    std::uint64_t flows = 0;
    std::uint64_t silent_flows = 0;  ///< with no byte to tell anything by: no answer
    std::uint64_t answers = 0;
    std::uint64_t unknown = 0;        ///< of the answers
    Latency latency;                  ///< from the packet that completed a question to its answer
    double model_seconds = 0;         ///< spent in the model; the rest is reading, flows and tokens
    std::vector<std::string> faults;  ///< a line for each capture not read, or not to its end
};

/// Captures in, answers out. A flow is asked about when it ends (time-out, limit, end of capture)
/// or has enough packets, many flows in one model call; memory is bounded by the flow table's limit
/// and the batch. The answers, and their order, are a pure function of captures and bundle.
class Classifier {
  public:
    /// `model` outlives it.
    Classifier(TrainedModel& model, ClassifyConfig const& config, AnswerSink sink);
    ~Classifier();
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;

    /// Reads a capture and answers for all its flows. What cannot be read is noted in the counts.
    void read(capture::CaptureFile const& file);

    /// Answers for the flows of an interface until `stop` says so. At flow level each flow is
    /// answered as soon as it has all packets that the model reads, or those asked for.
    void listen(capture::LiveCapture& interface, std::string const& name,
                std::function<bool()> const& stop);

    ClassifyCounts const& counts() const;

  private:
    class Pipeline;
    std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace tessera::classify
