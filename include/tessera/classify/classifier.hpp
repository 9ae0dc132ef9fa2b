#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/base/time.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/classify/answer.hpp>
#include <tessera/classify/latency.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::classify {

struct ClassifyConfig {
    std::int64_t batch_size = 64;   ///< sequences a model call
    std::int64_t answer_after = 0;  ///< packets of a flow after which it is answered; 0: at its end
    double answer_within = 10;      ///< s after the first packet that a live flow is answered; 0:
                                    ///< when it has its packets, or at its end
    double longest_wait = 0.2;      ///< s that a question of a live flow waits for others
    double unknown_below = -1;      ///< probability; below 0: the bundle's own
};

/// What an answer is called that is less probable than the threshold.
inline constexpr auto unknown_class = "unknown";

void describe(base::OptionTable& options, ClassifyConfig& config);

using AnswerSink = std::function<void(Answer const&)>;

/// What was read, for a line at the end.
struct ClassifyCounts {
    std::uint64_t captures = 0;      ///< read to their end, or to where they are damaged
    std::uint64_t captures_cut = 0;  ///< read in part, since a signal came
    std::uint64_t packets_read = 0;
    std::uint64_t packets_kept = 0;
    packet::DropCounts dropped;
    std::uint64_t flows = 0;
    std::uint64_t silent_flows = 0;  ///< with no byte to tell anything by: no answer
    std::uint64_t answers = 0;
    std::uint64_t unknown = 0;  ///< of the answers
    Latency latency;  ///< files: from when a flow could be asked about to its answer; live: from
                      ///< its last packet's time stamp
    double model_seconds = 0;         ///< spent in the model; the rest is reading, flows and tokens
    std::vector<std::string> faults;  ///< a line for each capture not read, or not to its end
};

/// Packets as they come.
struct LiveFeed {
    std::string name;                                    ///< what answers call the capture
    std::function<std::optional<packet::Frame>()> next;  ///< none when none came for a while
    std::function<bool()> stop;
    std::function<base::Nanoseconds()> now;  ///< the clock of the time stamps
    base::Nanoseconds longest_delay = 0;     ///< a packet may come this long after its stamp
    std::uint64_t most_packets = 0;          ///< ends behind so many; 0: no limit
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

    /// Reads a capture and answers for all its flows, up to a stop signal: then for those read so
    /// far. What cannot be read is noted in the counts.
    void read(capture::CaptureFile const& file);

    /// Answers for the flows of an interface until `stop` says so. Each flow is answered once: as
    /// soon as it has all packets that the model reads, or those asked for, or `answer_within`
    /// after its first one with those it has by then. Time goes on without packets.
    void listen(LiveFeed const& feed);

    ClassifyCounts const& counts() const;

  private:
    class Pipeline;
    std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace tessera::classify
