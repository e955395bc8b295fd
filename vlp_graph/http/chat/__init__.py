"""OpenAI's chat completions, for the dialogue and for each model that chats."""
