/** Questions that a model sees before it writes its own. */
export const exampleQuestions = [
  {
    topic: "Harbour office",
    sentence: "The harbour office opens at 7:30 on weekdays and is run by the harbour master.",
    answer: "7:30",
    question: "When does the harbour office open on weekdays?",
  },
  {
    topic: "Log book",
    sentence: 'The skipper writes every landing into the file "landings.csv", which is read at night.',
    answer: "landings.csv",
    question: "Into which file does the skipper write every landing?",
  },
] as const;
