// Emoji by their names in Slack: what people and the bot use most. A name that is not here is shown as it is written.

const LISTED = `
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 joy 😂 rofl 🤣 slightly_smiling_face 🙂 upside_down_face 🙃 wink 😉 blush 😊
innocent 😇 heart_eyes 😍 star-struck 🤩 kissing_heart 😘 yum 😋 stuck_out_tongue 😛 hugging_face 🤗 thinking_face 🤔 zipper_mouth_face 🤐
raised_eyebrow 🤨 neutral_face 😐 expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 rolling_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔 sleepy 😪
sleeping 😴 mask 😷 face_with_thermometer 🤒 nauseated_face 🤢 hot_face 🥵 cold_face 🥶 exploding_head 🤯 face_with_cowboy_hat 🤠 partying_face 🥳
sunglasses 😎 nerd_face 🤓 confused 😕 worried 😟 open_mouth 😮 flushed 😳 pleading_face 🥺 fearful 😨 cold_sweat 😰 cry 😢 sob 😭 scream 😱
persevere 😣 disappointed 😞 sweat 😓 weary 😩 tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 skull 💀 ghost 👻 alien 👽 robot_face 🤖
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 v ✌️ crossed_fingers 🤞 metal 🤘 call_me_hand 🤙 point_left 👈 point_right 👉 point_up 👆
point_down 👇 hand ✋ raised_hand ✋ wave 👋 clap 👏 raised_hands 🙌 open_hands 👐 handshake 🤝 pray 🙏 muscle 💪 writing_hand ✍️ eyes 👀 eye 👁️
brain 🧠 speech_balloon 💬 thought_balloon 💭 zzz 💤 heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜
black_heart 🖤 broken_heart 💔 100 💯 boom 💥 collision 💥 sparkles ✨ star ⭐ star2 🌟 dizzy 💫 fire 🔥 zap ⚡ snowflake ❄️ droplet 💧 ocean 🌊
rainbow 🌈 sunny ☀️ cloud ☁️ thunder_cloud_and_rain ⛈️ tornado 🌪️ crescent_moon 🌙 earth_africa 🌍 seedling 🌱 four_leaf_clover 🍀 tada 🎉
confetti_ball 🎊 balloon 🎈 birthday 🎂 gift 🎁 trophy 🏆 medal 🏅 dart 🎯 beer 🍺 beers 🍻 coffee ☕ tea 🍵 pizza 🍕 cookie 🍪 popcorn 🍿 doughnut 🍩
dog 🐶 cat 🐱 unicorn_face 🦄 bug 🐛 ant 🐜 snail 🐌 turtle 🐢 octopus 🐙 whale 🐳 monkey_face 🐵 see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊
rocket 🚀 airplane ✈️ car 🚗 ambulance 🚑 fire_engine 🚒 police_car 🚓 truck 🚚 ship 🚢 anchor ⚓ construction 🚧 vertical_traffic_light 🚦
rotating_light 🚨 sos 🆘 siren 🚨 hospital 🏥 office 🏢 factory 🏭 house 🏠 bell 🔔 no_bell 🔕 mega 📣 loudspeaker 📢 telephone_receiver 📞
phone ☎️ telephone ☎️ iphone 📱 calling 📲 pager 📟 email 📧 envelope ✉️ incoming_envelope 📨 mailbox 📫 inbox_tray 📥 outbox_tray 📤
computer 💻 desktop_computer 🖥️ keyboard ⌨️ floppy_disk 💾 cd 💿 battery 🔋 electric_plug 🔌 bulb 💡 flashlight 🔦 satellite 🛰️ satellite_antenna 📡
lock 🔒 unlock 🔓 key 🔑 closed_lock_with_key 🔐 shield 🛡️ mag 🔍 mag_right 🔎 link 🔗 paperclip 📎 pushpin 📌 round_pushpin 📍 scissors ✂️
hammer 🔨 wrench 🔧 hammer_and_wrench 🛠️ gear ⚙️ toolbox 🧰 test_tube 🧪 microscope 🔬 broom 🧹 wastebasket 🗑️ package 📦 label 🏷️ moneybag 💰
credit_card 💳 memo 📝 pencil 📝 pencil2 ✏️ clipboard 📋 calendar 📅 date 📅 spiral_calendar_pad 🗓️ bar_chart 📊 chart 💹
chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 file_folder 📁 open_file_folder 📂 books 📚 book 📖 notebook 📓 newspaper 📰 bookmark 🔖
ticket 🎫 hourglass ⌛ hourglass_flowing_sand ⏳ watch ⌚ alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️ clock1 🕐 clock2 🕑 clock3 🕒 clock4 🕓
clock5 🕔 clock6 🕕 clock7 🕖 clock8 🕗 clock9 🕘 clock10 🕙 clock11 🕚 clock12 🕛 white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️
x ❌ negative_squared_cross_mark ❎ heavy_plus_sign ➕ heavy_minus_sign ➖ question ❓ grey_question ❔ exclamation ❗ heavy_exclamation_mark ❗
bangbang ‼️ interrobang ⁉️ warning ⚠️ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 radioactive_sign ☢️ biohazard_sign ☣️ recycle ♻️ infinity ♾️
information_source ℹ️ arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrow_upper_right ↗️ arrow_lower_right ↘️ arrows_counterclockwise 🔄
arrows_clockwise 🔃 leftwards_arrow_with_hook ↩️ rewind ⏪ fast_forward ⏩ arrow_forward ▶️ double_vertical_bar ⏸️ black_square_for_stop ⏹️
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣 white_circle ⚪
black_circle ⚫ large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨 large_green_square 🟩 large_blue_square 🟦 white_large_square ⬜
black_large_square ⬛ small_red_triangle 🔺 small_red_triangle_down 🔻 small_blue_diamond 🔹 small_orange_diamond 🔸 triangular_flag_on_post 🚩
checkered_flag 🏁 white_flag 🏳️ one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ hash #️⃣ new 🆕 ok 🆗 up 🆙 cool 🆒
soon 🔜 end 🔚 on 🔛 top 🔝 male-firefighter 👨‍🚒 female-firefighter 👩‍🚒 firefighter 🧑‍🚒 technologist 🧑‍💻 detective 🕵️ guardsman 💂 ninja 🥷 runner 🏃
walking 🚶 busts_in_silhouette 👥 bust_in_silhouette 👤 shrug 🤷 facepalm 🤦 art 🎨 microphone 🎤 headphones 🎧 studio_microphone 🎙️ video_camera 📹
camera 📷 tv 📺 game_die 🎲 jigsaw 🧩 crystal_ball 🔮 magic_wand 🪄 candle 🕯️ mushroom 🍄 apple 🍎 banana 🍌 avocado 🥑 hot_pepper 🌶️ salt 🧂
`;

const words = LISTED.trim().split(/\s+/);
const EMOJI = new Map();
for (let at = 0; at < words.length; at += 2) EMOJI.set(words[at], words[at + 1]);

export const isEmoji = (name) => EMOJI.has(name);

/** The character of a name, skin tones left out; `:name:` where there is none. */
export function emoji(name) {
  return EMOJI.get(name.replace(/::skin-tone-\d$/, "")) || `:${name}:`;
}

/** Names that have the typed letters in them, those that begin so first. Aliases of the same picture appear once. */
export function findEmoji(typed, most) {
  const begin = [];
  const within = [];
  const pictures = new Set();
  for (const [name, picture] of EMOJI) {
    if (!name.includes(typed) || (!typed && pictures.has(picture))) continue;
    pictures.add(picture);
    (name.startsWith(typed) ? begin : within).push(name);
  }
  return [...begin, ...within].slice(0, most);
}
