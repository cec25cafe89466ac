// What the page says, in Chinese. The English is where it is said: in HTML files and in calls of `say`.

export const chinese = {
  // HTML files of the chat page
  Model: "模型",
  Language: "语言",
  "New chat": "新对话",
  Settings: "设置",
  Close: "关闭",
  Conversation: "对话",
  "What would you like to talk about?": "想聊点什么？",
  "Enter sends, Shift+Enter begins a new line.": "按 Enter 发送，按 Shift+Enter 换行。",
  "Write a message": "输入消息",
  Send: "发送",
  Stop: "停止",
  Regenerate: "重新生成",
  You: "你",
  "What is left empty is as the model has it.": "留空的项目使用模型自己的默认值。",
  "System message": "系统消息",
  "The model is told this before the conversation.": "对话开始之前告诉模型的话。",
  Temperature: "温度",
  "0 to 2; at 0 always the likeliest token": "0 到 2；为 0 时总是选最可能的词元",
  "Top-p": "Top-p",
  "Above 0, up to 1; a lower one leaves unlikely tokens out": "大于 0，不超过 1；越小越不会选到少见的词元",
  "Most tokens of an answer": "回答的最大词元数",
  "A whole number from 1": "不小于 1 的整数",
  Seed: "随机种子",
  "A whole number from 0, for the same answer each time; empty: random":
    "不小于 0 的整数，使每次的回答相同；留空则随机",
  "This server asks for a key": "此服务器需要密钥",
  "API key": "API 密钥",
  "It is kept until this tab is closed.": "密钥保留到此标签页关闭为止。",
  "Use it": "使用",
  Cancel: "取消",
  "Try again": "重试",
  Dismiss: "知道了",

  // translation.html
  Translation: "译文",
  From: "源语言",
  To: "目标语言",
  "Text to translate": "要翻译的文本",
  "Swap languages": "交换语言",
  Copy: "复制",
  "Other translations": "其他译法",

  // music.html, music.mjs, piece.mjs
  Music: "音乐",
  "Have some music written.": "让它写一段音乐。",
  "Drop a MIDI file here to go on from it.": "把 MIDI 文件拖到这里，让它接着写下去。",
  Write: "写",
  Bars: "小节",
  Tempo: "速度",
  "Go on from a file": "从文件接着写",
  "Go on from it": "接着写",
  "Writing …": "正在写……",

  // sound.html, sound.mjs
  Sounds: "声音",
  "Choose what is to be heard.": "请选择想听的内容。",
  Words: "词语",
  Voice: "声音（说话人）",
  "Make a sound": "生成声音",
  "Making a sound …": "正在生成声音……",

  // key.mjs
  "The server does not take this key.": "服务器不接受这个密钥。",
  "A key has letters, digits and signs only, without spaces.":
    "密钥只能由英文字母、数字和符号组成，不含空格。",

  // failure.mjs
  "The server asks for an API key.": "服务器需要 API 密钥。",
  "The server is busy; try again in {seconds} s.": "服务器正忙，请在 {seconds} 秒后重试。",
  "The server is busy; try again later.": "服务器正忙，请稍后重试。",
  "The server cannot be reached.": "无法连接服务器。",
  "The server does not accept this.": "服务器不接受此请求。",
  "The server failed.": "服务器出错了。",
  "A setting is out of its range; nothing was sent.": "有一项设置超出范围，消息没有发送。",

  "There is no microphone that this page may hear.": "没有此页面可以使用的麦克风。",

  // hearing.html, hearing.mjs
  Transcript: "文字记录",
  "Speak, or drop a recording here.": "请说话，或将录音拖到这里。",
  "WAV, FLAC, MP3, Ogg Vorbis or Opus": "WAV、FLAC、MP3、Ogg Vorbis 或 Opus",
  Speak: "说话",
  "Choose a recording": "选择录音",
  "Save as": "保存为",
  Text: "文本",
  Listening: "正在听",
  "Hearing {name}": "正在听 {name}",
  "No words were heard.": "没有听到任何词。",

  // detection.html, detection.mjs, picture.mjs
  Pictures: "图片",
  "Drop pictures here.": "将图片拖到这里。",
  "PNG, JPEG, WebP, GIF, AVIF or TIFF": "PNG、JPEG、WebP、GIF、AVIF 或 TIFF",
  "Choose pictures": "选择图片",
  Threshold: "阈值",
  "Looking at {name}": "正在查看 {name}",
  "nothing found": "什么也没有找到",
  "The browser cannot read this file.": "浏览器无法读取此文件。",

  // conversation.mjs, exchange.mjs
  Answering: "正在回答",
  "1 token": "1 个词元",
  "{count} tokens": "{count} 个词元",
  "{rate} tokens/s": "每秒 {rate} 个词元",
  "cut off at the token limit": "已达词元上限",
  stopped: "已停止",
  "broken off": "已中断",
  "no answer; the model will not be told of this question again": "没有回答；之后不会再向模型提起这个问题",

  // translation.mjs, menus.mjs
  "Detect language": "检测语言",
  "Detected: {language} ({confidence} %)": "检测到：{language}（{confidence}%）",
  Copied: "已复制",
  "The browser does not let the page copy.": "浏览器不允许此页面复制。",
  "A placeholder is missing: {found}": "缺少占位符：{found}",
  "A placeholder is doubled: {found}": "占位符重复：{found}",
  "A placeholder was not in the text: {found}": "原文中没有此占位符：{found}",
  "Placeholders are in another order.": "占位符的顺序变了。",
  "The translation repeats itself: {found}": "译文有重复：{found}",
};

/** A text of the page in English. @typedef {keyof typeof chinese} Text */
