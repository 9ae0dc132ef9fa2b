#include "question.hpp"

#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/base/time.hpp>
#include <tessera/baseline/predictions.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/classify/classifier.hpp>
#include <tessera/flow/elapsed.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/preprocess/packet_intake.hpp>

namespace tessera::classify {

/// Frames to packets to flows to questions to answers.
class Classifier::Pipeline {
  public:
    Pipeline(TrainedModel& model, ClassifyConfig const& config, AnswerSink sink)
        : model_(model),
          batch_size_(static_cast<std::size_t>(config.batch_size)),
          sink_(std::move(sink)),
          intake_(model.reading()),
          tokenizer_(model.reading().token),
          table_(preprocess::flow_settings(model.reading()),
                 [this](flow::Flow const& flow) { end(flow); }),
          unknown_below_(config.unknown_below < 0 ? model.info().unknown_below
                                                  : config.unknown_below),
          answer_within_(config.answer_within),
          longest_wait_(config.longest_wait) {
        base::validate(config.batch_size > 0, base::ExitCode::usage,
                       "classify.batch_size = {} must be above 0", config.batch_size);
        base::validate(config.answer_after >= 0, base::ExitCode::usage,
                       "classify.answer_after = {} must not be below 0", config.answer_after);
        base::validate(flow::Timeout::valid(config.answer_within), base::ExitCode::usage,
                       "classify.answer_within = {} s: give a number of seconds from 0 (never) on",
                       config.answer_within);
        if (config.answer_after > 0) answer_after(config.answer_after);
    }

    void read(capture::CaptureFile const& file) {
        begin(file.name);
        try {
            auto const reader = capture::open_capture(file, model_.reading().capture);
            packet::Frame frame;
            auto stopped = base::stop_requested();
            for (; !stopped && reader->next(frame); stopped = base::stop_requested()) take(frame);
            if (auto const& fault = reader->fault()) {
                counts_.faults.push_back(
                    fmt::format("'{}': {}", base::printable(file.name), capture::to_text(*fault)));
            }
            ++(stopped ? counts_.captures_cut : counts_.captures);
        } catch (base::Error const& error) {
            if (error.code() != base::ExitCode::bad_input) throw;
            counts_.faults.emplace_back(error.what());
        }
        end_capture();
    }

    void listen(LiveFeed const& feed) {
        begin(feed.name);
        live_clock_ = feed.now;
        auto const wanted = static_cast<std::int64_t>(answer_after_);
        answer_after(wanted > 0 ? wanted : batch::packets_read(model_.data()), answer_within_);
        while (!feed.stop() && !is_enough(feed)) {
            auto const frame = feed.next();
            if (frame) take(*frame);
            table_.advance(frame ? frame->time : feed.now() - feed.longest_delay);
            if (!waiting_.empty() && waiting_.front().since.seconds() > longest_wait_) answer_all();
        }
        take_what_is_on_its_way(feed);
        ++counts_.captures;
        end_capture();
    }

    ClassifyCounts const& counts() const { return counts_; }

  private:
    bool is_enough(LiveFeed const& feed) const {
        return feed.most_packets > 0 && counts_.packets_read >= feed.most_packets;
    }

    // Packets of before the end that have not come yet.
    void take_what_is_on_its_way(LiveFeed const& feed) {
        auto const end = feed.now();
        while (!is_enough(feed) && feed.now() <= end + feed.longest_delay) {
            auto const frame = feed.next();
            if (frame && frame->time > end) return;
            if (frame) take(*frame);
        }
    }

    void begin(std::string const& capture) {
        capture_ = capture;
        intake_.begin_capture(capture);
    }

    void end_capture() {
        intake_.finish();
        counts_.dropped = intake_.counts.drops;
        table_.finish();
        answer_all();
    }

    /// A packet-level model is asked once all packets are there that a flow may ask about.
    void answer_after(std::int64_t packets, double within = 0) {
        auto const& data = model_.data();
        answer_after_ =
            static_cast<std::size_t>(data.level == "packet" ? data.packets_per_flow : packets);
        table_.show_at(
            answer_after_, [this](flow::Flow const& flow) { ask(flow); }, within);
    }

    void end(flow::Flow const& flow) {
        ++counts_.flows;
        if (!flow.shown) ask(flow);
    }

    void take(packet::Frame const& frame) {
        ++counts_.packets_read;
        if (!intake_.take(frame)) return;
        ++counts_.packets_kept;
        table_.add(intake_.packet, intake_.cut());
    }

    void ask(flow::Flow const& flow) {
        auto questions = questions_of(flow, capture_, tokenizer_, model_.data());
        if (questions.empty()) ++counts_.silent_flows;
        for (auto& question : questions) {
            waiting_.push_back(std::move(question));
            if (waiting_.size() == batch_size_) answer_all();
        }
    }

    void answer_all() {
        if (waiting_.empty()) return;
        std::vector<batch::ClassifierSample> samples;
        for (auto& question : waiting_) samples.push_back(std::move(question.sample));
        base::Stopwatch const watch;
        auto const shares = model_.probabilities(batch::collate(samples, model_.data()));
        counts_.model_seconds += watch.seconds();
        auto const classes = model_.classes().size();
        for (std::size_t i = 0; i < waiting_.size(); ++i) {
            auto const row = std::span(shares).subspan(i * classes, classes);
            auto const best = static_cast<std::size_t>(baseline::most_likely(row));
            auto& answer = waiting_[i].answer;
            answer.probability = static_cast<double>(row[best]);
            bool const known = answer.probability >= unknown_below_;
            answer.class_name = known ? model_.classes()[best] : unknown_class;
            counts_.unknown += known ? 0 : 1;
            sink_(answer);
            counts_.latency.add(seconds_until_now(waiting_[i]));
        }
        counts_.answers += waiting_.size();
        waiting_.clear();
    }

    double seconds_until_now(Question const& question) const {
        if (!live_clock_) return question.since.seconds();
        auto const waited = flow::elapsed(question.answer.last_seen, live_clock_());
        return static_cast<double>(waited) / static_cast<double>(base::nanoseconds_per_second);
    }

    TrainedModel& model_;
    std::size_t batch_size_;
    AnswerSink sink_;
    preprocess::PacketIntake intake_;
    token::Tokenizer tokenizer_;
    flow::FlowTable table_;
    std::string capture_;
    std::vector<Question> waiting_;
    double unknown_below_;
    double answer_within_;
    double longest_wait_;
    std::function<base::Nanoseconds()> live_clock_;  // none: files
    std::size_t answer_after_ = 0;                   // packets; 0: at the end
    ClassifyCounts counts_;
};

void describe(base::OptionTable& options, ClassifyConfig& config) {
    options.section("classify")
        .add("batch_size", config.batch_size, "sequences a model call")
        .add("answer_after", config.answer_after,
             "packets of a flow after which it is answered; 0: at its end (live: when the model "
             "has all that it reads)")
        .add("answer_within", config.answer_within,
             "live: seconds after a flow's first packet that it is answered with the packets it "
             "has by then; 0: when it has its packets, or at its end")
        .add("longest_wait", config.longest_wait,
             "live: seconds that a question waits for others to share a model call")
        .add("unknown_below", config.unknown_below,
             "answers less probable are 'unknown'; -1: the bundle's calibrated threshold; 0: none");
}

Classifier::Classifier(TrainedModel& model, ClassifyConfig const& config, AnswerSink sink)
    : pipeline_(std::make_unique<Pipeline>(model, config, std::move(sink))) {}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

void Classifier::read(capture::CaptureFile const& file) {
    pipeline_->read(file);
}

void Classifier::listen(LiveFeed const& feed) {
    pipeline_->listen(feed);
}

ClassifyCounts const& Classifier::counts() const {
    return pipeline_->counts();
}

}  // namespace tessera::classify
